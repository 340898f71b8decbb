using System.Security.Cryptography;
using System.Text.Json;
using KeyMeld.Secp256k1;
using KeyMeld.Tests.Secp256k1.Oracle;
using static KeyMeld.Tests.Secp256k1.Bip327.VectorFile;
using Reference = KeyMeld.Tests.Secp256k1.Oracle.Bip327;

namespace KeyMeld.Tests.Secp256k1.Bip327;

/// <summary>
/// sign_verify_vectors.json, tweak_vectors.json and sig_agg_vectors.json. Two sign cases have messages of 0 and 38 bytes, which libsecp256k1 does not sign:
/// they run through the oracle only, and the binding refuses them.
/// </summary>
public class SigningVectorTests
{
    private readonly VectorFile _sign = new("sign_verify");
    private readonly VectorFile _tweak = new("tweak");
    private readonly VectorFile _aggregate = new("sig_agg");

    [Fact]
    public void The_four_partial_signatures_over_32_byte_messages_are_the_published_ones_and_verify()
    {
        var cases = _sign.Cases("valid_test_cases", 6).Where(@case => Message(@case).Length == 32).ToArray();
        Assert.Equal(4, cases.Length);
        foreach (var @case in cases)
        {
            var keys = Pick(_sign.List("pubkeys"), @case, "key_indices");
            var aggregate = _sign.List("aggnonces")[@case.GetProperty("aggnonce_index").GetInt32()];
            var nonces = Pick(_sign.List("pnonces"), @case, "nonce_indices");
            SignAndVerify(_sign.Hex("sk"), _sign.List("secnonces")[0], new OracleSession(aggregate, keys, [], [], Message(@case)), nonces, @case);
        }
    }

    [Fact]
    public void The_two_messages_of_other_lengths_are_signed_by_the_oracle_and_refused_by_the_binding()
    {
        var cases = _sign.Cases("valid_test_cases", 6).Where(@case => Message(@case).Length != 32).ToArray();
        Assert.Equal(2, cases.Length);
        foreach (var @case in cases)
        {
            var keys = Pick(_sign.List("pubkeys"), @case, "key_indices");
            var aggregate = _sign.List("aggnonces")[@case.GetProperty("aggnonce_index").GetInt32()];
            var session = new OracleSession(aggregate, keys, [], [], Message(@case));
            Assert.Equal(Hex(@case.GetProperty("expected")), Reference.Sign(_sign.List("secnonces")[0], _sign.Hex("sk"), session));
            Assert.Throws<ArgumentException>(() => SigningSession.Create(AggregateNonce.Parse(aggregate), Message(@case), Aggregate(keys, [], [])));
        }
    }

    [Fact]
    public void A_signer_outside_the_key_list_is_refused_although_the_bip_leaves_it_open()
    {
        var @case = _sign.Cases("sign_error_test_cases", 6)[0];
        var keys = Pick(_sign.List("pubkeys"), @case, "key_indices");
        var session = Session(@case, keys);
        using var key = SecretKey.Import(_sign.Hex("sk"));
        using var nonce = Nonce(_sign.List("secnonces")[0], session.Aggregation, Message(@case));
        Assert.Throws<CryptographicException>(() => session.Sign(nonce, key));
        Assert.Throws<SecretNonceUsedException>(() => session.Sign(nonce, key));
    }

    [Fact]
    public void The_invalid_key_and_the_three_invalid_aggregate_nonces_are_refused()
    {
        var cases = _sign.Cases("sign_error_test_cases", 6);
        Assert.False(PublicKey.TryParse(_sign.List("pubkeys")[Indices(cases[1], "key_indices")[2]], out _));
        foreach (var @case in cases[2..5])
        {
            var aggregate = _sign.List("aggnonces")[@case.GetProperty("aggnonce_index").GetInt32()];
            Assert.False(AggregateNonce.TryParse(aggregate, out _));
            var session = new OracleSession(aggregate, Pick(_sign.List("pubkeys"), @case, "key_indices"), [], [], Message(@case));
            Assert.Throws<OracleException>(() => Reference.Sign(_sign.List("secnonces")[0], _sign.Hex("sk"), session));
        }
    }

    [Fact]
    public void A_secret_nonce_of_zeros_signs_nothing()
    {
        var @case = _sign.Cases("sign_error_test_cases", 6)[5];
        var keys = Pick(_sign.List("pubkeys"), @case, "key_indices");
        var session = Session(@case, keys);
        using var key = SecretKey.Import(_sign.Hex("sk"));
        using var nonce = Nonce(_sign.List("secnonces")[1], session.Aggregation, Message(@case));
        var refused = Secp256k1Library.RefusedCalls;
        Assert.Throws<InvalidOperationException>(() => session.Sign(nonce, key));
        Assert.True(Secp256k1Library.RefusedCalls > refused);
    }

    [Fact]
    public void The_three_wrong_partial_signatures_do_not_verify()
    {
        foreach (var @case in _sign.Cases("verify_fail_test_cases", 3))
        {
            var keys = Pick(_sign.List("pubkeys"), @case, "key_indices");
            var nonces = Pick(_sign.List("pnonces"), @case, "nonce_indices");
            var signer = @case.GetProperty("signer_index").GetInt32();
            var valid = PartialSignature.TryParse(Hex(@case.GetProperty("sig")), out var partial) && NativeSession(nonces, keys, Message(@case))
                .VerifyPartial(partial, PublicNonce.Parse(nonces[signer]), PublicKey.Parse(keys[signer]));
            Assert.False(valid);
            var session = new OracleSession(Reference.NonceAgg(nonces), keys, [], [], Message(@case));
            Assert.False(Reference.PartialSigVerify(Hex(@case.GetProperty("sig")), nonces[signer], keys[signer], session));
        }
    }

    [Fact]
    public void The_invalid_nonce_and_the_invalid_key_of_the_verification_cases_are_refused()
    {
        var cases = _sign.Cases("verify_error_test_cases", 2);
        Assert.False(PublicNonce.TryParse(Pick(_sign.List("pnonces"), cases[0], "nonce_indices")[0], out _));
        Assert.False(PublicKey.TryParse(Pick(_sign.List("pubkeys"), cases[1], "key_indices")[0], out _));
    }

    [Fact]
    public void The_five_tweaked_partial_signatures_are_the_published_ones_and_verify()
    {
        foreach (var @case in _tweak.Cases("valid_test_cases", 5))
        {
            var keys = Pick(_tweak.List("pubkeys"), @case, "key_indices");
            var tweaks = Pick(_tweak.List("tweaks"), @case, "tweak_indices");
            var session = new OracleSession(_tweak.Hex("aggnonce"), keys, tweaks, Flags(@case), _tweak.Hex("msg"));
            SignAndVerify(_tweak.Hex("sk"), _tweak.Hex("secnonce"), session, Pick(_tweak.List("pnonces"), @case, "nonce_indices"), @case);
        }
    }

    [Fact]
    public void The_tweak_outside_the_group_order_is_refused()
    {
        var @case = Assert.Single(_tweak.Cases("error_test_cases", 1));
        var keys = Pick(_tweak.List("pubkeys"), @case, "key_indices");
        Assert.Throws<CryptographicException>(() => Aggregate(keys, Pick(_tweak.List("tweaks"), @case, "tweak_indices"), Flags(@case)));
    }

    [Fact]
    public void The_four_aggregated_signatures_are_the_published_ones_and_verify()
    {
        foreach (var @case in _aggregate.Cases("valid_test_cases", 4))
        {
            var session = AggregationSession(@case);
            var nonces = Pick(_aggregate.List("pnonces"), @case, "nonce_indices");
            Assert.Equal(session.AggNonce, AggregateNonce.Aggregate([.. nonces.Select(nonce => PublicNonce.Parse(nonce))]).Bytes.ToArray());
            var partials = Pick(_aggregate.List("psigs"), @case, "psig_indices");
            var native = SigningSession.Create(AggregateNonce.Parse(session.AggNonce), session.Message, Aggregate(session.PubKeys, session.Tweaks, session.IsXOnly));
            var signature = native.Aggregate([.. partials.Select(partial => PartialSignature.Parse(partial))]);
            Assert.Equal(Hex(@case.GetProperty("expected")), signature.Bytes.ToArray());
            Assert.Equal(Hex(@case.GetProperty("expected")), Reference.PartialSigAgg(partials, session));
            Assert.True(native.Aggregation.OutputKey.Verify(session.Message, signature));
        }
    }

    [Fact]
    public void The_partial_signature_outside_the_group_order_is_refused()
    {
        var @case = Assert.Single(_aggregate.Cases("error_test_cases", 1));
        var partials = Pick(_aggregate.List("psigs"), @case, "psig_indices");
        Assert.True(PartialSignature.TryParse(partials[0], out _));
        Assert.False(PartialSignature.TryParse(partials[1], out _));
        Assert.Equal(1, Assert.Throws<OracleException>(() => Reference.PartialSigAgg(partials, AggregationSession(@case))).Signer);
    }

    private static void SignAndVerify(byte[] secret, byte[] secNonce, OracleSession session, byte[][] nonces, JsonElement @case)
    {
        var signer = @case.GetProperty("signer_index").GetInt32();
        var native = SigningSession.Create(AggregateNonce.Parse(session.AggNonce), session.Message, Aggregate(session.PubKeys, session.Tweaks, session.IsXOnly));
        using var key = SecretKey.Import(secret);
        using var nonce = Nonce(secNonce, native.Aggregation, session.Message);
        var partial = native.Sign(nonce, key);
        Assert.Equal(Hex(@case.GetProperty("expected")), partial.Bytes.ToArray());
        Assert.True(native.VerifyPartial(partial, PublicNonce.Parse(nonces[signer]), key.PublicKey));
        Assert.Equal(Hex(@case.GetProperty("expected")), Reference.Sign(secNonce, secret, session));
        Assert.True(Reference.PartialSigVerify(partial.Bytes.ToArray(), nonces[signer], session.PubKeys[signer], session));
    }

    private static SigningSession NativeSession(byte[][] nonces, byte[][] keys, byte[] message) =>
        SigningSession.Create(AggregateNonce.Aggregate([.. nonces.Select(nonce => PublicNonce.Parse(nonce))]), message, Aggregate(keys, [], []));

    private SigningSession Session(JsonElement @case, byte[][] keys) => SigningSession.Create(
        AggregateNonce.Parse(_sign.List("aggnonces")[@case.GetProperty("aggnonce_index").GetInt32()]), Message(@case), Aggregate(keys, [], []));

    private OracleSession AggregationSession(JsonElement @case) => new(
        Hex(@case.GetProperty("aggnonce")), Pick(_aggregate.List("pubkeys"), @case, "key_indices"), Pick(_aggregate.List("tweaks"), @case, "tweak_indices"),
        Flags(@case), _aggregate.Hex("msg"));

    private byte[] Message(JsonElement @case) => _sign.List("msgs")[@case.GetProperty("msg_index").GetInt32()];
}
