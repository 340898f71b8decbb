// protocol.md section 6: τ = TH("KeyMeld/v1/round1-set", SHA-256 of every round-1 blob in node order).
using KeyMeld.Protocol.Ids;

namespace KeyMeld.Protocol.Signing;

/// <summary>The set of round-1 blobs that a round 2 answers.</summary>
public static class Round1Set
{
    /// <summary>τ.</summary>
    /// <param name="blobs">SHA-256 of each blob, in node order.</param>
    public static Hash32 Tau(IReadOnlyList<Hash32> blobs)
    {
        var joined = new byte[blobs.Count * Hash32.Size];
        for (var i = 0; i < blobs.Count; i++)
        {
            blobs[i].CopyTo(joined.AsSpan(i * Hash32.Size));
        }
        return Hash32.Tagged("KeyMeld/v1/round1-set", joined);
    }
}
