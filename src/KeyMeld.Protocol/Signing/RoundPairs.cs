// protocol.md section 6, "Blame": round1 holds exactly the node's pairs, of which some may be missing; a foreign, repeated or misordered entry makes the blob
// ill-formed. round2 holds exactly the node's pairs of items that are not left out.
using System.Diagnostics.CodeAnalysis;
using KeyMeld.Protocol.Ids;
using KeyMeld.Protocol.Statements;

namespace KeyMeld.Protocol.Signing;

/// <summary>Lines the entries of a blob up with the pairs that are due.</summary>
public static class RoundPairs
{
    /// <summary>Lines up round 1.</summary>
    /// <param name="request">The request.</param>
    /// <param name="pairs">The node's pairs.</param>
    /// <param name="entries">What its blob holds.</param>
    /// <param name="nonces">The nonce of each pair; empty where it is missing.</param>
    /// <returns>False where the blob is ill-formed.</returns>
    public static bool TryAlign(
        VerifiedRequest request, IReadOnlyList<RoundPair> pairs, ReadOnlySpan<Round1Entry> entries, [NotNullWhen(true)] out ReadOnlyMemory<byte>[]? nonces)
    {
        nonces = null;
        var aligned = new ReadOnlyMemory<byte>[pairs.Count];
        var next = 0;
        foreach (var entry in entries)
        {
            while (next < pairs.Count && !Is(request, pairs[next], entry.Item, entry.Signer))
            {
                next++;
            }
            if (next == pairs.Count)
            {
                return false;
            }
            aligned[next++] = entry.Nonce;
        }
        nonces = aligned;
        return true;
    }

    /// <summary>Lines up round 2.</summary>
    /// <param name="request">The request.</param>
    /// <param name="pairs">The node's pairs of items that are not left out.</param>
    /// <param name="entries">What its blob holds.</param>
    /// <param name="partials">The partial signature of each pair.</param>
    /// <returns>False where the blob is ill-formed: an entry is missing, foreign, repeated or misordered.</returns>
    public static bool TryAlign(VerifiedRequest request, IReadOnlyList<RoundPair> pairs, ReadOnlySpan<Round2Entry> entries, [NotNullWhen(true)] out Hash32[]? partials)
    {
        partials = null;
        if (entries.Length != pairs.Count)
        {
            return false;
        }
        var aligned = new Hash32[pairs.Count];
        for (var i = 0; i < aligned.Length; i++)
        {
            if (!Is(request, pairs[i], entries[i].Item, entries[i].Signer))
            {
                return false;
            }
            aligned[i] = entries[i].Partial;
        }
        partials = aligned;
        return true;
    }

    private static bool Is(VerifiedRequest request, RoundPair pair, Id16 item, int signer) => pair.Signer == signer && request.Items[pair.Item].Item == item;
}
