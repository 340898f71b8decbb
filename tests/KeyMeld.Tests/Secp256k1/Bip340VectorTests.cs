using KeyMeld.Secp256k1;
using KeyMeld.Tests.Support;

namespace KeyMeld.Tests.Secp256k1;

/// <summary>BIP-340 test-vectors.csv: all 19 verified; of the 8 with a secret key the 4 with 32-byte messages are also signed (we sign digests only).</summary>
public class Bip340VectorTests
{
    private static string[][] Cases()
    {
        var rows = Vectors.Text("bip340", "test-vectors.csv").Split('\n', StringSplitOptions.RemoveEmptyEntries)[1..];
        Assert.Equal(19, rows.Length);
        return [.. rows.Select(row => row.Trim().Split(','))];
    }

    [Fact]
    public void All_nineteen_verify_or_fail_as_published()
    {
        foreach (var row in Cases())
        {
            var valid = XOnlyPublicKey.TryParse(Hex(row[2]), out var key) && key.Verify(Hex(row[4]), SchnorrSignature.Parse(Hex(row[5])));
            Assert.True(valid == (row[6] == "TRUE"), $"case {row[0]}: {row[7]}");
        }
    }

    [Fact]
    public void The_four_signatures_of_digests_are_the_published_ones()
    {
        var signing = Cases().Where(row => row[1].Length > 0).ToArray();
        Assert.Equal(8, signing.Length);
        var digests = signing.Where(row => row[4].Length == 64).ToArray();
        Assert.Equal(4, digests.Length);
        foreach (var row in digests)
        {
            using var key = SecretKey.Import(Hex(row[1]));
            Assert.Equal(Hex(row[2]), key.XOnlyPublicKey.Bytes.ToArray());
            Assert.Equal(Hex(row[5]), key.SignSchnorr(Hex(row[4]), Hex(row[3])).Bytes.ToArray());
        }
        foreach (var row in signing.Except(digests))
        {
            using var key = SecretKey.Import(Hex(row[1]));
            Assert.Throws<ArgumentException>(() => key.SignSchnorr(Hex(row[4]), Hex(row[3])));
        }
    }

    private static byte[] Hex(string text) => Convert.FromHexString(text);
}
