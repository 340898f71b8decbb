using System.Security.Cryptography;
using KeyMeld.Secp256k1;

namespace KeyMeld.Tests.Secp256k1;

public class SigningSessionTests
{
    private static readonly byte[] s_message = SHA256.HashData("message"u8);

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(20)]
    public void All_signers_together_make_a_signature_that_verifies_under_the_output_key(int size)
    {
        using var group = new SigningGroup(size);
        group.Aggregation = group.Aggregation.WithPlainTweak(SHA256.HashData("path"u8)).WithXOnlyTweak(SHA256.HashData("script"u8));
        var (session, nonces) = group.Start(s_message);
        var partials = group.Keys.Zip(nonces, (key, nonce) => session.SignAndVerify(nonce, key)).ToArray();
        var signature = session.Aggregate(partials);
        Assert.True(group.Aggregation.OutputKey.Verify(s_message, signature));
        Assert.True(session.FinalNonceX.SequenceEqual(signature.Bytes[..32]));
    }

    [Fact]
    public void A_signature_with_one_share_missing_or_doubled_does_not_verify()
    {
        using var group = new SigningGroup(3);
        var (session, nonces) = group.Start(s_message);
        var partials = group.Keys.Zip(nonces, (key, nonce) => session.Sign(nonce, key)).ToArray();
        Assert.False(group.Aggregation.OutputKey.Verify(s_message, session.Aggregate(partials[..2])));
        Assert.False(group.Aggregation.OutputKey.Verify(s_message, session.Aggregate([.. partials, partials[0]])));
        Assert.True(group.Aggregation.OutputKey.Verify(s_message, session.Aggregate(partials)));
    }

    [Fact]
    public void A_partial_signature_verifies_only_for_its_own_signer_nonce_and_session()
    {
        using var group = new SigningGroup(2);
        var (session, nonces) = group.Start(s_message);
        var partial = session.Sign(nonces[0], group.Keys[0]);
        Assert.True(session.VerifyPartial(partial, nonces[0].PublicNonce, group.Keys[0].PublicKey));
        Assert.False(session.VerifyPartial(partial, nonces[1].PublicNonce, group.Keys[0].PublicKey));
        Assert.False(session.VerifyPartial(partial, nonces[0].PublicNonce, group.Keys[1].PublicKey));
        var (other, _) = group.Start(s_message);
        Assert.False(other.VerifyPartial(partial, nonces[0].PublicNonce, group.Keys[0].PublicKey));
    }

    [Fact]
    public void A_key_outside_the_group_gets_no_nonce_and_verifies_no_share()
    {
        using var group = new SigningGroup(2);
        using var stranger = SecretKey.Generate();
        Assert.Throws<ArgumentException>(() => group.Nonce(stranger, s_message));
        var (session, nonces) = group.Start(s_message);
        var partial = session.Sign(nonces[0], group.Keys[0]);
        Assert.False(session.VerifyPartial(partial, nonces[0].PublicNonce, stranger.PublicKey));
    }
}
