// protocol.md section 6, rounds 1 and "Blame": which items of a round-1 set can be signed, and in which MuSig2 session (BIP-327, "Session Context").
using KeyMeld.Protocol.Errors;
using KeyMeld.Protocol.Ids;
using KeyMeld.Protocol.Sessions;
using KeyMeld.Protocol.Signing;
using KeyMeld.Protocol.Statements;
using KeyMeld.Secp256k1;

namespace KeyMeld.Protocol.Rounds;

/// <summary>Opens a verified round-1 set. Every node that does it comes to the same result.</summary>
/// <param name="batch">Spreads the work over the cores.</param>
public sealed class Round1(BatchRunner batch)
{
    /// <summary>Finds out which items can be signed, and in which session.</summary>
    /// <param name="request">The request.</param>
    /// <param name="pairs">Its pairs.</param>
    /// <param name="cipher">The group's cipher.</param>
    /// <param name="set">The blobs, verified.</param>
    /// <param name="attempt">The attempt.</param>
    /// <param name="own">This node and its own public nonces, for one that signs: they are not parsed again, and nothing is done for items it has no signer of.</param>
    /// <param name="cancellation">Stops the work.</param>
    public async Task<PreparedRound> PrepareAsync(
        VerifiedRequest request, PairMap pairs, SessionCipher cipher, BlobSet set, int attempt, (NodeId Node, IReadOnlyList<PublicNonce> Nonces)? own, CancellationToken cancellation)
    {
        var nonces = new PublicNonce?[pairs.Count];
        var bytes = new ReadOnlyMemory<byte>[pairs.Count];
        var illFormed = new bool[set.Blobs.Count];
        for (var node = 0; node < set.Blobs.Count; node++)
        {
            cancellation.ThrowIfCancellationRequested();
            if (own is { } mine && mine.Node == request.Nodes[node])
            {
                Spread(mine.Nonces, pairs.OfNode(node), nonces);
            }
            else if (Open(request, pairs, cipher, set.Blobs[node], node) is { } aligned)
            {
                Spread(aligned, pairs.OfNode(node), bytes);
            }
            else
            {
                illFormed[node] = true;
            }
        }
        int[] due = own is { } signer ? [.. pairs.OfNode(request.PlaceOf(signer.Node)).Select(pair => pairs[pair].Item).Distinct()] : [.. Enumerable.Range(0, request.Items.Count)];
        var prepared = new PreparedRound
        {
            Request = request,
            Pairs = pairs,
            Attempt = attempt,
            Tau = set.Tau(),
            Seals = set.Seals,
            IsWhole = due.Length == request.Items.Count,
            Sessions = new SigningSession?[request.Items.Count],
            Faults = new ItemFault?[request.Items.Count],
        };
        prepared.Keep(nonces);
        await batch.ForEachAsync(due.Length, index => Prepare(prepared, due[index], nonces, bytes, illFormed), cancellation).ConfigureAwait(false);
        return prepared;
    }

    private static void Spread<T, TTarget>(IReadOnlyList<T> values, IReadOnlyList<int> pairs, TTarget[] target)
        where T : TTarget
    {
        for (var i = 0; i < pairs.Count; i++)
        {
            target[pairs[i]] = values[i];
        }
    }

    // The nonces of a node's pairs, empty where one is missing; null where the blob does not open or is ill-formed.
    private static ReadOnlyMemory<byte>[]? Open(VerifiedRequest request, PairMap pairs, SessionCipher cipher, RoundBlobEnvelope blob, int node)
    {
        var aad = Aad.Round1(request.Roster.RosterHash, request.Digest, blob.Attempt, blob.Node);
        if (!cipher.TryDecrypt(Purposes.Round1, aad, blob.Blob.Span, out var plaintext))
        {
            return null;
        }
        try
        {
            return RoundPairs.TryAlign(request, pairs.PairsOf(node), RoundEntries.ParseRound1(plaintext), out var aligned) ? aligned : null;
        }
        catch (KeyMeldException)
        {
            return null;
        }
    }

    private static void Prepare(PreparedRound prepared, int item, PublicNonce?[] nonces, ReadOnlyMemory<byte>[] bytes, bool[] illFormed)
    {
        var (start, count) = prepared.Pairs.Of(item);
        for (var pair = start; pair < start + count; pair++)
        {
            var code = illFormed[prepared.Pairs.NodeOf(pair)] ? ErrorCodes.RoundBlobInvalid
                : nonces[pair] is not null ? null
                : bytes[pair].IsEmpty ? ErrorCodes.NonceMissing
                : PublicNonce.TryParse(bytes[pair].Span, out nonces[pair]) ? null
                : ErrorCodes.NonceInvalid;
            if (code is not null)
            {
                prepared.Faults[item] = new ItemFault(code, prepared.Request.Nodes[prepared.Pairs.NodeOf(pair)]);
                return;
            }
        }
        var asked = prepared.Request.Items[item];
        var aggregate = AggregateNonce.Aggregate(new ArraySegment<PublicNonce>(nonces!, start, count));
        aggregate = asked.Adaptor is { } point ? aggregate.WithAdaptor(point) : aggregate;
        prepared.Sessions[item] = SigningSession.Create(aggregate, asked.Message.Bytes, prepared.Request.KeysOf(item));
    }
}
