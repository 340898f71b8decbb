// protocol.md section 6, "Adaptors": proofs that the secret of every point of an and adaptor is known, so that the last chooser cannot cancel the others.
using KeyMeld.Protocol.Encoding;
using KeyMeld.Protocol.Ids;
using KeyMeld.Secp256k1;

namespace KeyMeld.Protocol.Statements;

/// <summary>Sum and proofs of <em>and</em> adaptors.</summary>
public static class AdaptorProof
{
    private const string Tag = "KeyMeld/v1/adaptor-point";

    /// <summary>What the proof of point <paramref name="index"/> signs.</summary>
    /// <param name="roster">ρ.</param>
    /// <param name="signing">The request's signing id.</param>
    /// <param name="item">The item.</param>
    /// <param name="index">Which point, from 0.</param>
    /// <param name="points">All points in order.</param>
    public static Hash32 Digest(Hash32 roster, Id16 signing, Id16 item, int index, IReadOnlyList<PublicKey> points)
    {
        var encoder = new CborEncoder(1024).Array(5).Hash(roster).Id(signing).Id(item).Number(index).Array(points.Count);
        foreach (var point in points)
        {
            encoder.Bytes(point.Bytes);
        }
        return Hash32.Tagged(Tag, encoder.Written);
    }

    /// <summary>Whether every proof of the item verifies. True where it has no points.</summary>
    public static bool Verify(Hash32 roster, Id16 signing, SigningItem item)
    {
        var points = item.Points.Select(point => point.Point).ToArray();
        for (var i = 0; i < points.Length; i++)
        {
            var digest = Digest(roster, signing, item.Item, i, points);
            if (!points[i].ToXOnly().Verify(digest.Bytes, item.Points[i].Proof))
            {
                return false;
            }
        }
        return true;
    }

    internal static bool IsSum(IReadOnlyList<AdaptorPoint> points, PublicKey adaptor) =>
        PublicKey.TryCombine([.. points.Select(point => point.Point)], out var sum) && sum.Equals(adaptor);
}
