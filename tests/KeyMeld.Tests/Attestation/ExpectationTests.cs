using KeyMeld.Attestation;
using Microsoft.Extensions.Time.Testing;
using static KeyMeld.Tests.Attestation.Mock.MockNitro;
using static KeyMeld.Tests.Attestation.Mock.RawCbor;

namespace KeyMeld.Tests.Attestation;

/// <summary>What the caller asked for: nonce, user data, public key, and the time.</summary>
public class ExpectationTests
{
    private static readonly byte[] Nonce = [1, 2, 3];
    private static readonly byte[] UserData = [4, 5, 6];
    private static readonly AttestationExpectations Identity = AttestationExpectations.Identity(Nonce, UserData);

    [Fact]
    public void An_identity_has_the_callers_nonce_the_identitys_digest_and_no_public_key() =>
        Right.Verify(Right.With(("nonce", Bytes(Nonce)), ("user_data", Bytes(UserData))), Identity);

    [Fact]
    public void G01_a_replayed_document_has_another_nonce()
    {
        foreach (var other in new[] { Bytes([1, 2, 4]), Bytes([1, 2]), Bytes([1, 2, 3, 0]), Bytes([]), Null })
        {
            Assert.Equal(AttestationFailure.Nonce, Right.Refusal(Right.With(("nonce", other), ("user_data", Bytes(UserData))), Identity));
        }
    }

    [Fact]
    public void G01_a_genuine_document_over_another_identity_is_refused()
    {
        foreach (var other in new[] { Bytes([4, 5, 7]), Bytes([]), Null })
        {
            Assert.Equal(AttestationFailure.UserData, Right.Refusal(Right.With(("nonce", Bytes(Nonce)), ("user_data", other)), Identity));
        }
    }

    [Fact]
    public void A_document_for_KMS_is_no_identity_and_an_identity_is_none_for_KMS()
    {
        var forKms = Right.With(("nonce", Bytes(Nonce)), ("user_data", Bytes(UserData)), ("public_key", Bytes([7])));
        Right.Verify(forKms, AttestationExpectations.KmsRecipient);
        Assert.Equal(AttestationFailure.PublicKey, Right.Refusal(forKms, Identity));
        Assert.Equal(AttestationFailure.PublicKey, Right.Refusal(Right.Document(), AttestationExpectations.KmsRecipient));
    }

    [Fact]
    public void An_expected_public_key_is_compared()
    {
        var expected = RealDocuments.Anything with { PublicKey = FieldExpectation.EqualTo([7]) };
        Right.Verify(Right.With(("public_key", Bytes([7]))), expected);
        Assert.Equal(AttestationFailure.PublicKey, Right.Refusal(Right.With(("public_key", Bytes([8]))), expected));
        Assert.Equal(AttestationFailure.PublicKey, Right.Refusal(Right.Document(), expected));
    }

    [Fact]
    public void G01_a_document_is_fresh_for_five_minutes_either_way_and_not_a_millisecond_longer()
    {
        var limit = AttestationVerifier.MaxClockDifference;
        var beyond = limit + TimeSpan.FromMilliseconds(1);
        Assert.Equal(TimeSpan.FromMinutes(5), limit);
        Right.Verify(Right.Document(), at: Now + limit);
        Right.Verify(Right.Document(), at: Now - limit);
        Assert.Equal(AttestationFailure.Stale, Right.Refusal(Right.Document(), at: Now + beyond));
        Assert.Equal(AttestationFailure.FromTheFuture, Right.Refusal(Right.Document(), at: Now - beyond));
    }

    [Fact]
    public void The_present_is_what_the_clock_says()
    {
        var clock = new FakeTimeProvider(Now);
        var verifier = new AttestationVerifier(Right.Pinned, clock);
        Assert.Equal(Now, verifier.Verify(Right.Document(), RealDocuments.Anything).VerifiedAt);
        clock.Advance(TimeSpan.FromMinutes(6));
        Assert.Equal(AttestationFailure.Stale, RealDocuments.Refusal(() => verifier.Verify(Right.Document(), RealDocuments.Anything)));
        clock.Advance(TimeSpan.FromHours(3));
        Assert.Equal(AttestationFailure.CertificateTime, RealDocuments.Refusal(() => verifier.Verify(Right.Document(), RealDocuments.Anything)));
    }

    [Fact]
    public void What_was_expected_cannot_be_changed_afterwards()
    {
        byte[] nonce = [1, 2, 3];
        var expectations = AttestationExpectations.Identity(nonce, UserData);
        nonce[0] = 9;
        Right.Verify(Right.With(("nonce", Bytes(Nonce)), ("user_data", Bytes(UserData))), expectations);
    }
}
