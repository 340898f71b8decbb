using KeyMeld.Secp256k1;
using KeyMeld.Secp256k1.Interop;
using KeyMeld.Secp256k1.Memory;
using KeyMeld.Tests.Secp256k1.Oracle;
using static KeyMeld.Tests.Secp256k1.Bip327.VectorFile;
using Reference = KeyMeld.Tests.Secp256k1.Oracle.Bip327;

namespace KeyMeld.Tests.Secp256k1.Bip327;

/// <summary>
/// nonce_gen_vectors.json and nonce_agg_vectors.json. Three nonce_gen cases give an aggregate key of 32 arbitrary bytes (two of them also a message of 0 or
/// 38 bytes), which libsecp256k1 cannot be given: these run through the oracle only, which is compared with the library elsewhere.
/// </summary>
public class NonceVectorTests
{
    [Fact]
    public void The_oracle_makes_all_four_published_nonces()
    {
        foreach (var @case in new VectorFile("nonce_gen").Cases("test_cases", 4))
        {
            var (secNonce, pubNonce) = Reference.NonceGen(Hex(@case.GetProperty("rand_")), HexOrNull(@case.GetProperty("sk")), Hex(@case.GetProperty("pk")),
                HexOrNull(@case.GetProperty("aggpk")), HexOrNull(@case.GetProperty("msg")), HexOrNull(@case.GetProperty("extra_in")));
            Assert.Equal(Hex(@case.GetProperty("expected_secnonce")), secNonce);
            Assert.Equal(Hex(@case.GetProperty("expected_pubnonce")), pubNonce);
        }
    }

    [Fact]
    public unsafe void The_library_makes_the_one_published_nonce_it_can_be_asked_for()
    {
        var expressible = new VectorFile("nonce_gen").Cases("test_cases", 4).Where(@case => HexOrNull(@case.GetProperty("aggpk")) is null).ToArray();
        var @case = Assert.Single(expressible);
        using var randomness = SecretScalarHandle.CopyFrom(Hex(@case.GetProperty("rand_")));
        using var secret = new SecretNonceHandle();
        var key = PublicKey.Parse(Hex(@case.GetProperty("pk")));
        Assert.Equal(1, Native.secp256k1_musig_nonce_gen(NativeContext.Pointer, secret, out var native, randomness, 0, key.NativeForm, [], null, []));
        Assert.Equal(Hex(@case.GetProperty("expected_pubnonce")), new PublicNonce(native).Bytes.ToArray());
        Assert.Equal(Hex(@case.GetProperty("expected_secnonce"))[..64], secret.Span[4..68].ToArray());
        Assert.False(randomness.Span.ContainsAnyExcept((byte)0), "The library wipes the randomness, so that it cannot be used again.");
    }

    [Fact]
    public void The_two_sums_of_nonces_are_the_published_ones_infinity_included()
    {
        var file = new VectorFile("nonce_agg");
        foreach (var @case in file.Cases("valid_test_cases", 2))
        {
            var nonces = Pick(file.List("pnonces"), @case, "pnonce_indices");
            Assert.Equal(Hex(@case.GetProperty("expected")), AggregateNonce.Aggregate([.. nonces.Select(nonce => PublicNonce.Parse(nonce))]).Bytes.ToArray());
            Assert.Equal(Hex(@case.GetProperty("expected")), Reference.NonceAgg(nonces));
        }
    }

    [Fact]
    public void The_three_invalid_nonces_are_refused_and_named()
    {
        var file = new VectorFile("nonce_agg");
        foreach (var @case in file.Cases("error_test_cases", 3))
        {
            var nonces = Pick(file.List("pnonces"), @case, "pnonce_indices");
            var signer = @case.GetProperty("error").GetProperty("signer").GetInt32();
            Assert.All(nonces.Index(), nonce => Assert.Equal(nonce.Index != signer, PublicNonce.TryParse(nonce.Item, out _)));
            Assert.Equal(signer, Assert.Throws<OracleException>(() => Reference.NonceAgg(nonces)).Signer);
        }
    }
}
