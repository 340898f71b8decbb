using System.Text.Json;
using KeyMeld.Secp256k1;
using KeyMeld.Tests.Support;

namespace KeyMeld.Tests.Secp256k1;

/// <summary>
/// Wycheproof ecdh_secp256k1_test.json. Its public keys are X.509 SubjectPublicKeyInfo; ours are bare points, so only the two encodings that name the curve
/// and hold a bare point can be given to us. The other cases test ASN.1 parsers and are counted.
/// </summary>
public class WycheproofEcdhTests
{
    // SEQUENCE { SEQUENCE { ecPublicKey, secp256k1 }, BIT STRING { point } } for 65 and 33 bytes.
    private static readonly byte[] s_uncompressed = Convert.FromHexString("3056301006072a8648ce3d020106052b8104000a034200");
    private static readonly byte[] s_compressed = Convert.FromHexString("3036301006072a8648ce3d020106052b8104000a032200");

    [Fact]
    public void Shared_secrets_are_the_published_ones_and_bad_points_are_refused()
    {
        var cases = Vectors.Json("wycheproof", "ecdh_secp256k1_test.json").GetProperty("testGroups").EnumerateArray()
            .SelectMany(group => group.GetProperty("tests").EnumerateArray()).ToArray();
        Assert.Equal(752, cases.Length);
        var counts = cases.CountBy(Run).ToDictionary();
        Assert.Equal(new Dictionary<Outcome, int> { [Outcome.Agreed] = 474, [Outcome.PointRefused] = 23, [Outcome.OtherEncoding] = 255 }, counts);
    }

    private enum Outcome
    {
        Agreed,
        PointRefused,
        OtherEncoding,
    }

    private static Outcome Run(JsonElement @case)
    {
        var encoded = Convert.FromHexString(@case.GetProperty("public").GetString()!);
        var id = $"case {@case.GetProperty("tcId")}: {@case.GetProperty("comment")}";
        var result = @case.GetProperty("result").GetString();
        PublicKey? key;
        bool parsed;
        if (encoded.AsSpan().StartsWith(s_uncompressed))
            parsed = PublicKey.TryParseUncompressed(encoded.AsSpan(s_uncompressed.Length), out key);
        else if (encoded.AsSpan().StartsWith(s_compressed))
            parsed = PublicKey.TryParse(encoded.AsSpan(s_compressed.Length), out key);
        else
        {
            Assert.True(result != "valid", id);
            return Outcome.OtherEncoding;
        }
        if (!parsed)
        {
            Assert.True(result != "valid", id);
            return Outcome.PointRefused;
        }
        Assert.True(result != "invalid", id);
        using var secret = SecretKey.Import(Scalar(@case.GetProperty("private").GetString()!));
        using var shared = secret.SharedX(key!);
        Assert.True(shared.Span.SequenceEqual(Convert.FromHexString(@case.GetProperty("shared").GetString()!)), id);
        return Outcome.Agreed;
    }

    // A big-endian integer of any length.
    private static byte[] Scalar(string hex) => Convert.FromHexString(hex.TrimStart('0').PadLeft(64, '0'));
}
