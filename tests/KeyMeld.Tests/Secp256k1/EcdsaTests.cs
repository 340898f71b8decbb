using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using KeyMeld.Secp256k1;
using KeyMeld.Tests.Secp256k1.Oracle;
using KeyMeld.Tests.Support;

namespace KeyMeld.Tests.Secp256k1;

public class EcdsaTests
{
    private static readonly byte[] s_digest = SHA256.HashData("digest"u8);

    [Fact]
    public void Signatures_are_the_published_deterministic_ones()
    {
        var cases = Vectors.Json("rfc6979", "rfc6979_secp256k1_btcd.json").EnumerateArray().ToArray();
        Assert.Equal(5, cases.Length);
        Assert.All(cases, @case =>
        {
            using var key = SecretKey.Import(Convert.FromHexString(@case.GetProperty("key").GetString()!));
            var digest = SHA256.HashData(Encoding.UTF8.GetBytes(@case.GetProperty("msg_utf8").GetString()!));
            var signature = key.SignEcdsa(digest);
            Assert.Equal(@case.GetProperty("der_sig").GetString(), Convert.ToHexStringLower(signature.ToDer()));
            Assert.True(key.PublicKey.VerifyEcdsa(digest, signature));
        });
    }

    /// <summary>Wycheproof, the variant for Bitcoin: s in the upper half is invalid, and so is every encoding that is not DER.</summary>
    [Fact]
    public void Wycheproofs_signatures_are_valid_exactly_where_it_says_so()
    {
        var tests = 0;
        foreach (var group in Vectors.Json("wycheproof", "ecdsa_secp256k1_sha256_bitcoin_test.json").GetProperty("testGroups").EnumerateArray())
        {
            var encoded = Convert.FromHexString(group.GetProperty("publicKey").GetProperty("uncompressed").GetString()!);
            Assert.True(PublicKey.TryParseUncompressed(encoded, out var key));
            foreach (var @case in group.GetProperty("tests").EnumerateArray())
            {
                tests++;
                Assert.True(Accepts(key, @case) == (@case.GetProperty("result").GetString() == "valid"), $"case {@case.GetProperty("tcId")}: {@case.GetProperty("comment")}");
            }
        }
        Assert.Equal(463, tests);
    }

    [Fact]
    public void A_signature_is_the_same_each_time_and_verifies_for_its_digest_and_key_only()
    {
        using var key = SecretKey.Generate();
        using var other = SecretKey.Generate();
        var signature = key.SignEcdsa(s_digest);
        Assert.Equal(signature, key.SignEcdsa(s_digest));
        Assert.True(key.PublicKey.VerifyEcdsa(s_digest, signature));
        Assert.False(key.PublicKey.VerifyEcdsa(SHA256.HashData(s_digest), signature));
        Assert.False(other.PublicKey.VerifyEcdsa(s_digest, signature));
        Assert.Throws<ArgumentException>(() => key.SignEcdsa(new byte[31]));
        Assert.Throws<ArgumentException>(() => key.PublicKey.VerifyEcdsa(new byte[33], signature));
    }

    [Fact]
    public void The_other_half_of_the_range_of_s_is_refused()
    {
        using var key = SecretKey.Generate();
        var low = key.SignEcdsa(s_digest);
        var s = Curve.Int(low.Bytes[32..]);
        Assert.True(s <= Curve.N / 2);
        var high = EcdsaSignature.Parse([.. low.Bytes[..32], .. Curve.Bytes32(Curve.N - s)]);
        Assert.False(key.PublicKey.VerifyEcdsa(s_digest, high));
    }

    [Fact]
    public void Both_forms_say_the_same_and_numbers_out_of_range_are_no_signature()
    {
        using var key = SecretKey.Generate();
        var signature = key.SignEcdsa(s_digest);
        Assert.True(EcdsaSignature.TryParseDer(signature.ToDer(), out var read));
        Assert.Equal(signature, read);
        byte[] one = Curve.Bytes32(1), order = Curve.Bytes32(Curve.N), zero = new byte[32];
        Assert.All<byte[]>([[.. zero, .. one], [.. one, .. zero], [.. order, .. one], [.. one, .. order], [.. one], [.. one, .. one, 0], []],
            bytes => Assert.False(EcdsaSignature.TryParse(bytes, out _)));
        Assert.All<byte[]>([[], [.. signature.ToDer(), 0], signature.ToDer()[..^1], Convert.FromHexString("3006020100020101")],
            bytes => Assert.False(EcdsaSignature.TryParseDer(bytes, out _)));
    }

    [Fact]
    public void A_disposed_key_signs_nothing()
    {
        var key = SecretKey.Generate();
        key.Dispose();
        Assert.Throws<ObjectDisposedException>(() => key.SignEcdsa(s_digest));
        Assert.Throws<ObjectDisposedException>(() => key.WithTweak(s_digest));
    }

    private static bool Accepts(PublicKey key, JsonElement @case) =>
        EcdsaSignature.TryParseDer(Convert.FromHexString(@case.GetProperty("sig").GetString()!), out var signature)
        && key.VerifyEcdsa(SHA256.HashData(Convert.FromHexString(@case.GetProperty("msg").GetString()!)), signature);
}
