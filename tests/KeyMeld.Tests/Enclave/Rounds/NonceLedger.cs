using System.Collections.Concurrent;
using KeyMeld.Protocol.Sessions;
using KeyMeld.Protocol.Signing;
using KeyMeld.Protocol.Statements;
using KeyMeld.Secp256k1;
using KeyMeld.Wire.V1;

namespace KeyMeld.Tests.Enclave.Rounds;

/// <summary>
/// Every public nonce and partial signature that was seen of one request, and what each nonce was used for. Fails when a nonce is made twice or answers two challenges.
/// Safe for concurrent use.
/// </summary>
/// <param name="request">The request.</param>
/// <param name="nonces">Nonces of other requests too, where none may be shared.</param>
internal sealed class NonceLedger(TestRequest request, ConcurrentDictionary<string, string>? nonces = null)
{
    private readonly ConcurrentDictionary<string, string> _nonces = nonces ?? [];
    private readonly ConcurrentDictionary<string, string> _challenges = [];

    /// <summary>How many partial signatures were seen, repeated answers included.</summary>
    public int Partials { get; private set; }

    /// <summary>A round-1 blob was shown; the same blob may be shown again.</summary>
    public void Opened(RoundBlob blob)
    {
        foreach (var (pair, nonce) in Nonces(blob))
        {
            var origin = $"{request.Digest} {Convert.ToHexStringLower(blob.Blob.Span)} {pair}";
            Assert.True(_nonces.GetOrAdd(nonce, origin) == origin, "A public nonce was made twice.");
        }
    }

    /// <summary>A node answered a round-1 set.</summary>
    /// <param name="node">Its place among the request's nodes.</param>
    /// <param name="set">The set it was shown.</param>
    /// <param name="answer">Its round-2 blob.</param>
    public void Signed(int node, IEnumerable<RoundBlob> set, RoundBlob answer)
    {
        var envelope = Driver.Envelope(answer);
        var aad = Aad.Round2(request.Group.RosterHash, request.Digest, envelope.Attempt, envelope.Node, envelope.Tau!.Value);
        Assert.True(request.Group.Cipher.TryDecrypt(Purposes.Round2, aad, envelope.Blob.Span, out var plaintext));
        var shown = set.SelectMany(Nonces).ToDictionary(entry => entry.Pair, entry => entry.Nonce);
        var due = request.Verified.PairsOf(request.Verified.Nodes[node]);
        Assert.True(RoundPairs.TryAlign(request.Verified, due, RoundEntries.ParseRound2(plaintext), out var partials));
        foreach (var (pair, partial) in due.Zip(partials))
        {
            var challenge = Verify(pair, shown, PartialSignature.Parse(partial.Bytes));
            Assert.Equal(challenge, _challenges.GetOrAdd(shown[pair], challenge));
            Partials++;
        }
    }

    // The challenge and the answer to it, once the answer is found to be one.
    private string Verify(RoundPair pair, Dictionary<RoundPair, string> shown, PartialSignature partial)
    {
        var all = request.Verified.SignersOf(pair.Item).Select(signer => PublicNonce.Parse(Convert.FromHexString(shown[new RoundPair(pair.Item, signer)]))).ToArray();
        var keys = request.Verified.KeysOf(pair.Item);
        var item = request.Items[pair.Item];
        var aggregate = AggregateNonce.Aggregate(all);
        aggregate = item.Adaptor is { } point ? aggregate.WithAdaptor(point) : aggregate;
        var session = SigningSession.Create(aggregate, item.Message.Bytes, keys);
        Assert.True(session.VerifyPartial(partial, PublicNonce.Parse(Convert.FromHexString(shown[pair])), request.Group.Roster.Members[pair.Signer].Key));
        return $"{session.Nonce} {item.Message} {keys.OutputKey} {Convert.ToHexStringLower(partial.Bytes)}";
    }

    private IEnumerable<(RoundPair Pair, string Nonce)> Nonces(RoundBlob blob)
    {
        var envelope = Driver.Envelope(blob);
        var aad = Aad.Round1(request.Group.RosterHash, request.Digest, envelope.Attempt, envelope.Node);
        Assert.True(request.Group.Cipher.TryDecrypt(Purposes.Round1, aad, envelope.Blob.Span, out var plaintext));
        return request.Verified.PairsOf(envelope.Node).Zip(RoundEntries.ParseRound1(plaintext), (pair, entry) => (pair, Convert.ToHexStringLower(entry.Nonce.Span)));
    }
}
