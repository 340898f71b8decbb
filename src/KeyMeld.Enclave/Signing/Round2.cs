// protocol.md section 6, "Blame": round2 holds exactly the node's pairs of items that are not left out; what else a validly signed blob holds is its node's fault.
using KeyMeld.Protocol.Errors;
using KeyMeld.Protocol.Ids;
using KeyMeld.Protocol.Rounds;
using KeyMeld.Protocol.Sessions;
using KeyMeld.Protocol.Signing;
using KeyMeld.Protocol.Statements;

namespace KeyMeld.Enclave.Signing;

/// <summary>The partial signatures of a verified round-2 set, one for every pair; null where the node's blob is no answer to the set.</summary>
internal static class Round2
{
    public static Hash32?[] Open(PreparedRound prepared, SessionCipher cipher, BlobSet first, BlobSet second)
    {
        var partials = new Hash32?[prepared.Pairs.Count];
        for (var node = 0; node < second.Blobs.Count; node++)
        {
            // A node signs only what it opened itself, so an answer from another boot than that of its nonces is none.
            if (second.Blobs[node].Boot == first.Blobs[node].Boot && Open(prepared, cipher, second.Blobs[node], node) is { } aligned)
            {
                var due = prepared.Pairs.OfNode(node).Where(pair => !prepared.IsLeftOut(prepared.Pairs[pair].Item));
                foreach (var (index, pair) in due.Index())
                {
                    partials[pair] = aligned[index];
                }
            }
        }
        return partials;
    }

    private static Hash32[]? Open(PreparedRound prepared, SessionCipher cipher, RoundBlobEnvelope blob, int node)
    {
        var request = prepared.Request;
        var aad = Aad.Round2(request.Roster.RosterHash, request.Digest, blob.Attempt, blob.Node, prepared.Tau);
        if (!cipher.TryDecrypt(Purposes.Round2, aad, blob.Blob.Span, out var plaintext))
        {
            return null;
        }
        try
        {
            var due = prepared.Pairs.PairsOf(node, item => !prepared.IsLeftOut(item));
            return RoundPairs.TryAlign(request, due, RoundEntries.ParseRound2(plaintext), out var aligned) ? aligned : null;
        }
        catch (KeyMeldException)
        {
            return null;
        }
    }
}
