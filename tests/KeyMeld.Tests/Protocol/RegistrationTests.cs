using KeyMeld.Protocol.Errors;
using KeyMeld.Protocol.Groups;
using KeyMeld.Protocol.Ids;
using KeyMeld.Protocol.Sessions;
using KeyMeld.Protocol.Statements;
using KeyMeld.Secp256k1;
using KeyMeld.Tests.Protocol.Support;

namespace KeyMeld.Tests.Protocol;

/// <summary>What a registration is refused for, at enclave and client alike.</summary>
public sealed class RegistrationTests : IDisposable
{
    private readonly Story _story = new();

    [Fact]
    public void A_whole_group_is_admitted_in_any_order()
    {
        var verifier = Verifier();
        Assert.Equal([3, 1, 0, 2], new[] { 3, 1, 0, 2 }.Select(place => verifier.Admit(_story.Registrations[place]).Index));
        Assert.All(verifier.Members, Assert.NotNull);
    }

    [Fact]
    public void P02_a_place_is_not_taken_without_its_admission_key()
    {
        Refused(ErrorCodes.RegistrationInvalid, _story.Register(0, admission: _story.Admissions[1]));
        Refused(ErrorCodes.RegistrationInvalid, _story.Register(0, admission: _story.Creator));
    }

    [Fact]
    public void P02_a_place_is_not_taken_twice()
    {
        var verifier = Verifier();
        verifier.Admit(_story.Registrations[0]);
        Refused(ErrorCodes.SlotTaken, _story.Registrations[0], verifier);
        Refused(ErrorCodes.SlotTaken, _story.Register(0, auth: _story.Key("another auth")), verifier);
    }

    [Fact]
    public void P02_no_key_serves_two_roles()
    {
        SecretKey[] others = [_story.Creator, _story.Admissions[0], _story.Admissions[1], _story.Auths[0], _story.Members[0]];
        foreach (var key in others)
        {
            var verifier = Verifier();
            verifier.Admit(_story.Registrations[0]);
            Refused(ErrorCodes.KeyReused, _story.Register(1, auth: key), verifier);
            Refused(ErrorCodes.KeyReused, _story.Register(1, member: key), verifier);
            Assert.Equal(1, verifier.Admit(_story.Registrations[1]).Index);
        }
        Refused(ErrorCodes.KeyReused, _story.Register(1, member: _story.Auths[1]));
    }

    [Fact]
    public void P13_a_member_key_of_the_other_parity_is_the_same_key()
    {
        var verifier = Verifier();
        var member = verifier.Admit(_story.Registrations[0]);
        using var negated = Negate(_story.Members[0]);
        Assert.NotEqual(member.Key, negated.PublicKey);
        Assert.Equal(member.Key.ToXOnly(), negated.XOnlyPublicKey);
        Refused(ErrorCodes.KeyReused, _story.Register(1, member: negated), verifier);
    }

    [Fact]
    public void P02_another_members_public_key_needs_its_proof_in_this_place()
    {
        var stolen = Verifier().Admit(_story.Registrations[0]);
        var binding = MemberBinding.Of(_story.Manifest.Digest, Story.Id("user 1"), 1, _story.Auths[1].XOnlyPublicKey, false, KeySource.Imported);
        var wire = new MemberKeyPlaintext(stolen.Key, stolen.Proof).Encrypt(_story.Cipher, binding);
        Refused(ErrorCodes.ProofOfPossessionInvalid, _story.Register(1, registration => registration with { MemberKey = wire }));
    }

    [Fact]
    public void G14_what_a_member_agreed_to_cannot_be_changed_by_whoever_has_the_admission_key()
    {
        // The consent signature fails, or with a key of the attacker's own the binding does.
        Refused(ErrorCodes.RegistrationInvalid, _story.Register(0, registration => registration with { Approval = false }));
        var original = Signed.Read<Registration>(_story.Registrations[0]).Value;
        using var attacker = SecretKey.Generate();
        var forged = StatementSigner.Sign(original with { Auth = attacker.XOnlyPublicKey }, _story.Admissions[0], attacker).Statement;
        Refused(ErrorCodes.RegistrationInvalid, forged);
        var unsigned = StatementSigner.Sign(original with { Approval = false }, _story.Admissions[0], _story.Admissions[0]).Statement;
        Refused(ErrorCodes.RegistrationInvalid, unsigned);
    }

    [Fact]
    public void A_registration_for_another_group_user_or_source_is_refused()
    {
        Refused(ErrorCodes.RegistrationInvalid, _story.Register(0, registration => registration with { Manifest = Hash32.Sha256([1]) }));
        Refused(ErrorCodes.RegistrationInvalid, _story.Register(0, registration => registration with { User = Story.Id("nobody") }));
        Refused(ErrorCodes.RegistrationInvalid, _story.Register(0, registration => registration with { Source = KeySource.Home, Envelope = null }));
        Refused(ErrorCodes.RegistrationInvalid, _story.Register(3, registration => registration with { Source = KeySource.Imported, Envelope = Hash32.Sha256([1]) }));
    }

    [Fact]
    public void A_member_key_that_does_not_open_or_is_no_point_is_refused()
    {
        var binding = MemberBinding.Of(_story.Manifest.Digest, Story.Id("user 0"), 0, _story.Auths[0].XOnlyPublicKey, true, KeySource.Imported);
        var noPoint = _story.Cipher.Encrypt(Purposes.MemberKey, Aad.MemberKey(binding), new byte[97]);
        Refused(ErrorCodes.RegistrationInvalid, _story.Register(0, registration => registration with { MemberKey = noPoint }));
        Refused(ErrorCodes.RegistrationInvalid, _story.Register(0, registration => registration with { MemberKey = new byte[126] }));
    }

    [Fact]
    public void G18_a_roster_needs_every_registration_in_the_order_of_the_manifest()
    {
        SignedStatement[] swapped = [_story.Registrations[1], _story.Registrations[0], .. _story.Registrations[2..]];
        Assert.Equal(ErrorCodes.GroupNotFormed, RosterRefusal(_story.Registrations[..3]));
        Assert.Equal(ErrorCodes.GroupNotFormed, RosterRefusal([.. _story.Registrations, _story.Registrations[0]]));
        Assert.Equal(ErrorCodes.RegistrationInvalid, RosterRefusal(swapped));
        Assert.Equal(ErrorCodes.SlotTaken, RosterRefusal([_story.Registrations[0], _story.Registrations[0], .. _story.Registrations[2..]]));
    }

    [Fact]
    public void G18_another_registration_in_one_place_is_another_roster()
    {
        var other = Roster.Verify(_story.Manifest, _story.SealedTerms, _story.Secret, [.. _story.Registrations[..3], _story.Register(3)]);
        Assert.NotEqual(_story.Roster.RosterHash, other.RosterHash);
        Assert.NotEqual(_story.Roster.Fingerprint, other.Fingerprint);
        Assert.Equal(_story.Roster.OutputKeys, other.OutputKeys);
    }

    [Fact]
    public void P07_joining_ends_at_join_by_on_the_receivers_own_time()
    {
        var manifest = _story.Manifest.Value;
        RegistrationVerifier.CheckJoinBy(manifest, manifest.JoinBy!.Value);
        Assert.Equal(ErrorCodes.JoinClosed, Assert.Throws<KeyMeldException>(() => RegistrationVerifier.CheckJoinBy(manifest, manifest.JoinBy!.Value + 1)).Code);
        RegistrationVerifier.CheckJoinBy(manifest with { JoinBy = null }, long.MaxValue);
    }

    [Fact]
    public void G04_terms_of_another_secret_manifest_or_subset_are_refused()
    {
        using var other = SessionSecret.Generate();
        Assert.Equal(ErrorCodes.TermsMismatch, Assert.Throws<KeyMeldException>(() => TermsEnvelope.Open(_story.Manifest, other, _story.SealedTerms)).Code);
        // Sealed and committed under a secret of its own: the manifest's commitment fails.
        Assert.Equal(ErrorCodes.TermsMismatch, Assert.Throws<KeyMeldException>(() => TermsEnvelope.Open(_story.Manifest, other, TermsEnvelope.Seal(other, _story.Manifest.Digest, _story.Terms))).Code);

        var foreign = new Terms { Tweaks = TweakChain.Empty, Subsets = new Dictionary<Id16, TweakChain> { [Story.Id("no subset")] = TweakChain.Empty } }.Encode();
        using var story = new Story(manifest => manifest with { Terms = TermsEnvelope.Commit(_story.Secret, foreign) });
        Assert.Equal(ErrorCodes.TermsMismatch, Assert.Throws<KeyMeldException>(() => TermsEnvelope.Open(story.Manifest, story.Secret, TermsEnvelope.Seal(story.Secret, story.Manifest.Digest, foreign))).Code);
    }

    [Fact]
    public void Subsets_do_not_inherit_and_items_choose_their_own_chain()
    {
        var roster = _story.Roster;
        Assert.Equal(_story.MakeTerms().Tweaks, roster.ChainOf(null, null));
        Assert.Equal(3, roster.ChainOf(_story.Subset, null).Tweaks.Count);
        Assert.Equal(TweakChain.Empty, roster.ChainOf(_story.Subset, TweakChain.Empty));
        Assert.NotEqual(roster.KeysOf(null, null).OutputKey, roster.KeysOf(null, TweakChain.Empty).OutputKey);
        Assert.Same(roster.KeysOf(null, null), roster.KeysOf(null, new TweakChain([new Tweak.Bip86()])));
        Assert.Equal(roster.KeysOf(null, TweakChain.Empty).OutputKey, roster.KeysOf(null, new TweakChain([])).OutputKey);
        Assert.Equal(ErrorCodes.ItemsInvalid, Assert.Throws<KeyMeldException>(() => roster.KeysOf(Story.Id("no subset"), null)).Code);
        var overflow = new TweakChain([new Tweak.Plain(new Hash32(Enumerable.Repeat((byte)0xff, 32).ToArray()))]);
        Assert.Equal(ErrorCodes.ItemsInvalid, Assert.Throws<KeyMeldException>(() => roster.KeysOf(null, overflow)).Code);
    }

    [Fact]
    public void A_subset_absent_from_the_terms_has_the_empty_chain()
    {
        var bare = new Terms { Tweaks = new TweakChain([new Tweak.Bip86()]), Subsets = new Dictionary<Id16, TweakChain>() }.Encode();
        using var story = new Story(manifest => manifest with { Terms = TermsEnvelope.Commit(_story.Secret, bare) });
        var roster = Roster.Verify(story.Manifest, TermsEnvelope.Seal(story.Secret, story.Manifest.Digest, bare), story.Secret, story.Registrations);
        Assert.Equal(TweakChain.Empty, roster.ChainOf(story.Subset, null));
    }

    public void Dispose() => _story.Dispose();

    private static SecretKey Negate(SecretKey key)
    {
        var order = Convert.FromHexString("fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141");
        using var secret = key.Export();
        var negated = new System.Numerics.BigInteger(order, isUnsigned: true, isBigEndian: true) - new System.Numerics.BigInteger(secret.Span, isUnsigned: true, isBigEndian: true);
        var bytes = negated.ToByteArray(isUnsigned: true, isBigEndian: true);
        return SecretKey.Import([.. new byte[32 - bytes.Length], .. bytes]);
    }

    private RegistrationVerifier Verifier() => new(_story.Manifest, _story.Secret);

    private void Refused(string code, SignedStatement registration, RegistrationVerifier? verifier = null) =>
        Assert.Equal(code, Assert.Throws<KeyMeldException>(() => (verifier ?? Verifier()).Admit(registration)).Code);

    private string RosterRefusal(SignedStatement[] registrations) =>
        Assert.Throws<KeyMeldException>(() => Roster.Verify(_story.Manifest, _story.SealedTerms, _story.Secret, registrations)).Code;
}
