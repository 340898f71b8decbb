using System.Security.Cryptography;
using KeyMeld.Secp256k1;
using KeyMeld.Tests.Secp256k1.Oracle;
using KeyMeld.Tests.Support;

namespace KeyMeld.Tests.Secp256k1;

/// <summary>A single signer's taproot key.</summary>
public class SecretKeyTweakTests
{
    [Fact]
    public void Tweaked_keys_and_their_signatures_are_those_of_BIP_341()
    {
        var spends = Vectors.Json("bip341", "wallet-test-vectors.json").GetProperty("keyPathSpending")[0].GetProperty("inputSpending").EnumerateArray().ToArray();
        Assert.Equal(7, spends.Length);
        Assert.All(spends, spend =>
        {
            string Given(string name) => spend.GetProperty("given").GetProperty(name).GetString()!;
            string Intermediary(string name) => spend.GetProperty("intermediary").GetProperty(name).GetString()!;
            using var key = SecretKey.Import(Convert.FromHexString(Given("internalPrivkey")));
            using var tweaked = key.WithTweak(Convert.FromHexString(Intermediary("tweak")));
            using var secret = tweaked.Export();
            Assert.Equal(Intermediary("internalPubkey"), key.XOnlyPublicKey.ToString());
            Assert.Equal(Intermediary("tweakedPrivkey"), Convert.ToHexStringLower(secret.Span));
            // The vectors sign with auxiliary randomness of zeros; the witness may end with the sighash byte.
            var signature = tweaked.SignSchnorr(Convert.FromHexString(Intermediary("sigHash")), new byte[32]);
            Assert.StartsWith(signature.ToString(), spend.GetProperty("expected").GetProperty("witness")[0].GetString());
        });
    }

    [Fact]
    public void The_tweaked_secret_belongs_to_the_tweaked_point_and_leaves_the_key_as_it_was()
    {
        for (var i = 0; i < 20; i++)
        {
            using var key = SecretKey.Generate();
            using var before = key.Export();
            var tweak = SigningGroup.Fresh32();
            using var tweaked = key.WithTweak(tweak);
            using var after = key.Export();
            Assert.Equal(key.XOnlyPublicKey.WithTweak(tweak), tweaked.PublicKey);
            Assert.True(before.FixedTimeEquals(after));
        }
    }

    [Fact]
    public void A_tweak_out_of_range_or_one_that_gives_zero_is_refused()
    {
        using var key = SecretKey.Import(Curve.Bytes32(1));
        using var negative = SecretKey.Import(Curve.Bytes32(Curve.N - 1));
        Assert.Throws<CryptographicException>(() => key.WithTweak(Curve.Bytes32(Curve.N)));
        Assert.Throws<CryptographicException>(() => key.WithTweak(Curve.Bytes32(Curve.N - 1)));
        Assert.Throws<CryptographicException>(() => negative.WithTweak(Curve.Bytes32(Curve.N - 1)));
        Assert.Throws<ArgumentException>(() => key.WithTweak(new byte[31]));
    }
}
