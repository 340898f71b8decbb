// protocol.md section 6, "Adaptors": and = points with proofs. Without them whoever names its point last could cancel the others' (T_n = x·G − the rest) and complete alone.
using KeyMeld.Protocol;
using KeyMeld.Protocol.Encoding;
using KeyMeld.Protocol.Errors;
using KeyMeld.Protocol.Ids;
using KeyMeld.Protocol.Statements;
using KeyMeld.Secp256k1;

namespace KeyMeld.Client;

/// <summary>
/// What the owners of the points of an <em>and</em> adaptor prove that they know their secrets for: this group, this request, this item, these points. One line,
/// <c>keymeldpoints1.</c> and unpadded base64url of roster hash (32 bytes) ‖ request id (16) ‖ item id (16) ‖ the points (33 each). Public; it travels out of band. A proof is good for one
/// request: a request that is made again needs new ones.
/// </summary>
public sealed class AdaptorChallenge
{
    private const string Prefix = "keymeldpoints1.";
    private const int HeadSize = Hash32.Size + (2 * Id16.Size);

    private AdaptorChallenge(Hash32 roster, Id16 signing, Id16 item, IReadOnlyList<PublicKey> points, PublicKey sum) =>
        (Roster, Signing, Item, Points, Sum) = (roster, signing, item, points, sum);

    /// <summary>ρ of the group that will sign.</summary>
    public Hash32 Roster { get; }

    /// <summary>The id the request will have; several <em>and</em> adaptors in one request share it.</summary>
    public Id16 Signing { get; }

    /// <summary>The id the item will have.</summary>
    public Id16 Item { get; }

    /// <summary>The points, in order.</summary>
    public IReadOnlyList<PublicKey> Points { get; }

    /// <summary>Their sum, the adaptor point T.</summary>
    public PublicKey Sum { get; }

    /// <summary>Draws the ids for an item to be.</summary>
    /// <param name="group">The group that will sign.</param>
    /// <param name="points">2 to 16 points, distinct up to sign.</param>
    /// <param name="sameRequest">Another challenge for the same request.</param>
    /// <exception cref="KeyMeldException"><c>adaptor_invalid</c>: too few, too many or equal points, or their sum is infinity.</exception>
    public static AdaptorChallenge Create(Group group, IReadOnlyList<PublicKey> points, AdaptorChallenge? sameRequest = null)
    {
        ArgumentNullException.ThrowIfNull(group);
        ArgumentNullException.ThrowIfNull(points);
        if (sameRequest is not null && sameRequest.Roster != group.RosterHash)
        {
            throw Invalid("The other challenge is for another group.");
        }
        return Make(group.RosterHash, sameRequest?.Signing ?? Id16.Random(), Id16.Random(), [.. points]);
    }

    /// <summary>Whether a text begins as a challenge does, complete or not.</summary>
    public static bool IsPrefixOf(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return text.AsSpan().TrimStart().StartsWith(Prefix, StringComparison.Ordinal);
    }

    /// <summary>Reads a challenge; white space around it is allowed.</summary>
    /// <exception cref="KeyMeldException"><c>adaptor_invalid</c>: damaged, incomplete, or its points cannot be added up.</exception>
    public static AdaptorChallenge Parse(string text)
    {
        var line = text.AsSpan().Trim();
        var bytes = new byte[HeadSize + (Limits.MaxPoints * PublicKey.Size)];
        if (!line.StartsWith(Prefix, StringComparison.Ordinal) || line.Length > Prefix.Length + (2 * bytes.Length)
            || !Base64Url.TryDecode(line[Prefix.Length..], bytes, out var length) || length <= HeadSize || (length - HeadSize) % PublicKey.Size != 0)
        {
            throw Invalid($"This is not a challenge for points; copy the whole line that begins with {Prefix}");
        }
        var read = bytes.AsSpan(0, length);
        var points = new List<PublicKey>();
        for (var rest = read[HeadSize..]; !rest.IsEmpty; rest = rest[PublicKey.Size..])
        {
            points.Add(PublicKey.TryParse(rest[..PublicKey.Size], out var point) ? point : throw Invalid("A point of the challenge is none."));
        }
        return Make(new Hash32(read[..Hash32.Size]), new Id16(read[Hash32.Size..(Hash32.Size + Id16.Size)]), new Id16(read[(Hash32.Size + Id16.Size)..HeadSize]), points);
    }

    /// <summary>Proves that the caller knows the secret of one of the points: a BIP-340 signature by it. It reveals nothing of the secret.</summary>
    /// <param name="secret">The secret of one of <see cref="Points"/>.</param>
    /// <exception cref="KeyMeldException"><c>adaptor_mismatch</c>: it is the secret of none.</exception>
    public SchnorrSignature Prove(SecretKey secret)
    {
        ArgumentNullException.ThrowIfNull(secret);
        var index = Points.ToList().IndexOf(secret.PublicKey);
        return index >= 0
            ? secret.SignSchnorr(AdaptorProof.Digest(Roster, Signing, Item, index, Points).Bytes)
            : throw new KeyMeldException(ErrorCodes.AdaptorMismatch, "The secret is not that of any point of the challenge.");
    }

    /// <summary>Which point a proof is for.</summary>
    /// <param name="proof">A proof.</param>
    /// <param name="index">The point's place.</param>
    /// <returns>False if it proves none of the points.</returns>
    public bool TryMatch(SchnorrSignature proof, out int index)
    {
        ArgumentNullException.ThrowIfNull(proof);
        for (index = 0; index < Points.Count; index++)
        {
            if (Points[index].ToXOnly().Verify(AdaptorProof.Digest(Roster, Signing, Item, index, Points).Bytes, proof))
            {
                return true;
            }
        }
        return false;
    }

    /// <summary>The adaptor, once every owner has proved its point.</summary>
    /// <param name="proofs">One of every point, in any order.</param>
    /// <exception cref="KeyMeldException"><c>adaptor_invalid</c>: a proof is of no point of this challenge, or one is missing.</exception>
    public Adaptor Complete(IEnumerable<SchnorrSignature> proofs)
    {
        ArgumentNullException.ThrowIfNull(proofs);
        var placed = new SchnorrSignature?[Points.Count];
        foreach (var proof in proofs)
        {
            placed[TryMatch(proof, out var index) ? index : throw Invalid("A proof is not for any point of this challenge.")] = proof;
        }
        var missing = Array.IndexOf(placed, null);
        return missing < 0 ? new Adaptor.All(this, [.. placed!]) : throw Invalid($"There is no proof for the point {Points[missing]}.");
    }

    /// <summary>The challenge as one line.</summary>
    public override string ToString() => Prefix + Base64Url.Encode([.. Roster.Bytes, .. Signing.Bytes, .. Item.Bytes, .. Points.SelectMany(point => point.Bytes.ToArray())]);

    private static AdaptorChallenge Make(Hash32 roster, Id16 signing, Id16 item, List<PublicKey> points)
    {
        if (points.Count is < Limits.MinPoints or > Limits.MaxPoints)
        {
            throw Invalid($"An and adaptor has {Limits.MinPoints} to {Limits.MaxPoints} points, not {points.Count}.");
        }
        if (points.Select(point => point.ToXOnly()).Distinct().Count() != points.Count)
        {
            throw Invalid("Two of the points are equal, or one is the negative of another.");
        }
        return PublicKey.TryCombine(points, out var sum) ? new AdaptorChallenge(roster, signing, item, points, sum) : throw Invalid("The points cancel each other.");
    }

    private static KeyMeldException Invalid(string message) => new(ErrorCodes.AdaptorInvalid, message);
}
