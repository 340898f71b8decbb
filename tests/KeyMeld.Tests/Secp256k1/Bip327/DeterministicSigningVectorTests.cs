using System.Security.Cryptography;
using System.Text.Json;
using KeyMeld.Secp256k1;
using KeyMeld.Tests.Secp256k1.Oracle;
using static KeyMeld.Tests.Secp256k1.Bip327.VectorFile;
using Reference = KeyMeld.Tests.Secp256k1.Oracle.Bip327;

namespace KeyMeld.Tests.Secp256k1.Bip327;

/// <summary>
/// det_sign_vectors.json. The library does not offer deterministic signing and neither does the binding: the oracle makes the published signatures, and the
/// library verifies the three of the four that are over 32-byte messages.
/// </summary>
public class DeterministicSigningVectorTests
{
    private readonly VectorFile _file = new("det_sign");

    [Fact]
    public void The_oracle_makes_all_four_published_signatures_and_the_library_verifies_three()
    {
        var verified = 0;
        foreach (var @case in _file.Cases("valid_test_cases", 4))
        {
            var (pubNonce, partial) = Sign(@case);
            Assert.Equal(@case.GetProperty("expected").EnumerateArray().Select(Hex), [pubNonce, partial]);
            if (Message(@case).Length != 32)
                continue;
            var keys = Pick(_file.List("pubkeys"), @case, "key_indices");
            var others = PublicNonce.Parse(Hex(@case.GetProperty("aggothernonce")));
            var session = SigningSession.Create(
                AggregateNonce.Aggregate([PublicNonce.Parse(pubNonce), others]), Message(@case), Aggregate(keys, Tweaks(@case), Flags(@case)));
            var signer = PublicKey.Parse(keys[@case.GetProperty("signer_index").GetInt32()]);
            Assert.True(session.VerifyPartial(PartialSignature.Parse(partial), PublicNonce.Parse(pubNonce), signer));
            verified++;
        }
        Assert.Equal(3, verified);
    }

    [Fact]
    public void What_the_five_error_cases_contain_is_refused()
    {
        var cases = _file.Cases("error_test_cases", 5);
        Assert.All(cases, @case => Assert.Throws<OracleException>(() => Sign(@case)));
        Assert.False(PublicKey.TryParse(Pick(_file.List("pubkeys"), cases[0], "key_indices")[2], out _));
        using var key = SecretKey.Import(_file.Hex("sk"));
        Assert.False(Aggregate(Pick(_file.List("pubkeys"), cases[1], "key_indices"), [], []).Contains(key.PublicKey));
        Assert.All(cases[2..4], @case => Assert.False(PublicNonce.TryParse(Hex(@case.GetProperty("aggothernonce")), out _)));
        Assert.Throws<CryptographicException>(
            () => Aggregate(Pick(_file.List("pubkeys"), cases[4], "key_indices"), Tweaks(cases[4]), Flags(cases[4])));
    }

    private (byte[] PubNonce, byte[] Partial) Sign(JsonElement @case) => Reference.DeterministicSign(
        _file.Hex("sk"), Hex(@case.GetProperty("aggothernonce")), Pick(_file.List("pubkeys"), @case, "key_indices"), Tweaks(@case), Flags(@case),
        Message(@case), HexOrNull(@case.GetProperty("rand")));

    private static byte[][] Tweaks(JsonElement @case) => [.. @case.GetProperty("tweaks").EnumerateArray().Select(Hex)];

    private byte[] Message(JsonElement @case) => _file.List("msgs")[@case.GetProperty("msg_index").GetInt32()];
}
