using Google.Protobuf;
using KeyMeld.Protocol.Errors;
using KeyMeld.Protocol.Groups;
using KeyMeld.Protocol.Ids;
using KeyMeld.Protocol.Statements;
using KeyMeld.Secp256k1;
using KeyMeld.Tests.Enclave.Rounds;
using KeyMeld.Wire.V1;
using SignedStatement = KeyMeld.Protocol.Statements.SignedStatement;

namespace KeyMeld.Tests.Enclave.Groups;

public sealed class RegistrationTests
{
    private readonly HostedEnclave[] _enclaves = HostedEnclave.Fleet(2);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Members_are_accepted_one_after_the_other_in_any_order()
    {
        var group = Group(out _);
        await CheckAsync(group, 2);
        await CheckAsync(group, 0, [2]);
        await CheckAsync(group, 1, [2, 0]);
    }

    [Fact]
    public async Task An_enclave_that_does_not_host_the_member_checks_all_but_the_envelope()
    {
        var group = Group(out _);
        await _enclaves[0].GroupDesk.CheckRegistrationAsync(group.Registration(1, enclave: 0), Cancellation);
        var withEnvelope = group.Registration(1, enclave: 0).With(call => call.Envelope = ByteString.CopyFrom(group.Registrations[1].Envelope));
        await Refused.WithAsync(ErrorCodes.BadRequest, () => _enclaves[0].GroupDesk.CheckRegistrationAsync(withEnvelope, Cancellation));
    }

    [Fact]
    public async Task P02_registering_in_anothers_slot_without_its_admission_key_is_refused()
    {
        var group = Group(out var members);
        var thief = new TestMember(0) { User = members[0].User };
        await Refused.WithAsync(ErrorCodes.RegistrationInvalid, () => CheckAsync(group, thief.Register(group)));
        await CheckAsync(group, 0);
    }

    [Fact]
    public async Task P02_registering_twice_is_slot_taken()
    {
        var group = Group(out var members);
        var again = new TestMember(0) { User = members[0].User, Admission = members[0].Admission };
        await Refused.WithAsync(ErrorCodes.SlotTaken, () => CheckAsync(group, again.Register(group), [0]));
    }

    [Fact]
    public async Task P02_every_way_to_use_one_key_in_two_roles_is_refused()
    {
        var group = Group(out var members);
        Action<TestMember>[] ways =
        [
            late => late.Auth = late.Admission,
            late => late.Key = late.Admission,
            late => late.Key = late.Auth,
            late => late.Auth = members[2].Admission,
            late => late.Key = members[2].Admission,
            late => late.Auth = members[0].Auth, // a double vote
            late => late.Key = members[0].Auth,
            late => late.Auth = members[0].Key,
            late => late.Key = members[0].Key,
            late => late.Auth = group.Creator,
            late => late.Key = group.Creator,
        ];
        foreach (var reuse in ways)
        {
            var late = new TestMember(1) { User = members[1].User, Admission = members[1].Admission };
            reuse(late);
            await Refused.WithAsync(ErrorCodes.KeyReused, () => CheckAsync(group, late.Register(group), [0], enclave: 1));
        }
        await CheckAsync(group, 1, [0]);
    }

    [Fact]
    public async Task P02_a_rogue_key_whose_secret_nobody_has_is_refused()
    {
        // Somebody in the group registers a key computed from the others' (or just another's) with a proof by a key of their own.
        var group = Group(out var members);
        var rogue = new TestMember(1) { User = members[1].User, Admission = members[1].Admission };
        var binding = MemberBinding.Of(group.Manifest.Digest, rogue.User, 1, rogue.Auth.XOnlyPublicKey, rogue.Approval, rogue.Source);
        var forged = new MemberKeyPlaintext(PublicKey.Combine([members[0].Key.PublicKey, rogue.Key.PublicKey]), MemberKeyPlaintext.Prove(rogue.Key, binding).Proof);
        var registration = rogue.Register(group, registration => registration with { MemberKey = forged.Encrypt(group.Cipher, binding) });
        await Refused.WithAsync(ErrorCodes.ProofOfPossessionInvalid, () => CheckAsync(group, registration, [0], enclave: 1));
    }

    [Fact]
    public async Task P13_a_second_place_with_one_member_key_is_refused_and_the_group_goes_on()
    {
        var group = Group(out var members);
        var colluding = new TestMember(1) { User = members[1].User, Admission = members[1].Admission, Key = members[0].Key };
        await Refused.WithAsync(ErrorCodes.KeyReused, () => CheckAsync(group, colluding.Register(group), [0], enclave: 1));
        await CheckAsync(group, 1, [0]);
        await CheckAsync(group, 2, [0, 1]);
    }

    [Fact]
    public async Task P09_a_member_key_that_also_signs_statements_is_refused_at_registration()
    {
        // Otherwise the group could be asked to sign a message that is the digest of an approval or a registration.
        var group = Group(out var members);
        foreach (var statementKey in (SecretKey[])[group.Creator, members[1].Admission, members[2].Admission, members[0].Auth])
        {
            var late = new TestMember(1) { User = members[1].User, Admission = members[1].Admission, Key = statementKey };
            await Refused.WithAsync(ErrorCodes.KeyReused, () => CheckAsync(group, late.Register(group), [0], enclave: 1));
        }
    }

    [Fact]
    public async Task P03_a_sealed_key_that_does_not_match_is_refused_with_its_reason()
    {
        var group = Group(out var members);
        await Refused.WithAsync(ErrorCodes.EnvelopeMismatch, () => CheckAsync(group, members[0].Register(group, sealedSecret: SecretKey.Generate())));
        await CheckAsync(group, 0);
    }

    [Fact]
    public async Task P03_a_sealed_key_that_does_not_open_is_refused_with_its_reason()
    {
        var group = Group(out var members);
        var flipped = group.Registration(0).With(call => call.Envelope = call.Envelope.Flipped());
        await Refused.WithAsync(ErrorCodes.EnvelopeMismatch, () => _enclaves[0].GroupDesk.CheckRegistrationAsync(flipped, Cancellation));

        // Registered as it is, but nothing this enclave can open: garbage, of another size, sealed to another enclave.
        var binding = MemberBinding.Of(group.Manifest.Digest, members[0].User, 0, members[0].Auth.XOnlyPublicKey, members[0].Approval, members[0].Source);
        byte[][] envelopes = [flipped.Envelope.ToByteArray(), [], new byte[5000], MemberEnvelope.Seal(_enclaves[1].Identity.Key, binding, members[0].Key)];
        foreach (var envelope in envelopes)
        {
            var (statement, _) = members[0].Register(group, registration => registration with { Envelope = Hash32.Sha256(envelope) });
            await Refused.WithAsync(ErrorCodes.EnvelopeUnreadable, () => CheckAsync(group, (statement, envelope)));
        }
        await CheckAsync(group, 0);
    }

    [Fact]
    public async Task G02_a_members_envelope_loaded_under_another_user_auth_key_group_or_enclave_is_refused()
    {
        var group = Group(out var members);
        var stolen = group.Registrations[0].Envelope;
        var twin = new TestGroup(_enclaves, members); // the same places, enclaves and keys, another manifest
        (TestMember Member, TestGroup Group, int Enclave)[] ways =
        [
            (members[2], group, 0),
            (new TestMember(0) { User = members[0].User, Admission = members[0].Admission }, group, 0),
            (members[0], twin, 0),
            (new TestMember(1) { User = members[1].User, Admission = members[1].Admission }, group, 1),
        ];
        foreach (var (member, where, enclave) in ways)
        {
            // The attacker registers the stolen envelope with every signature and proof of its own that it needs.
            var (statement, _) = member.Register(where, registration => registration with { Envelope = Hash32.Sha256(stolen) });
            await Refused.WithAsync(ErrorCodes.EnvelopeUnreadable, () => CheckAsync(where, (statement, stolen), enclave: enclave));
        }
        await CheckAsync(group, 0);
    }

    [Fact]
    public async Task G14_a_registration_re_signed_with_the_creators_help_is_refused()
    {
        // The creator drew the admission key and knows the session secret; the victim's authorisation and member keys are the victim's alone.
        var group = Group(out var members);
        var victim = members[0];
        var (honest, envelope) = group.Registrations[0];
        var registered = Registration.Parse(honest.Statement.Span);
        using var attacker = SecretKey.Generate();

        async Task RefuseAsync(string code, Registration changed) =>
            await Refused.WithAsync(code, () => CheckAsync(group, (StatementSigner.Sign(changed, victim.Admission, attacker).Statement, envelope)));

        // Approval off: the consent signature is missing.
        await RefuseAsync(ErrorCodes.RegistrationInvalid, registered with { Approval = false });
        // Another authorisation key: what the victim encrypted does not open beside it.
        var taken = registered with { Auth = attacker.XOnlyPublicKey, Approval = false };
        await RefuseAsync(ErrorCodes.RegistrationInvalid, taken);
        // Encrypted again: the victim's proof of possession was for other choices.
        var before = MemberBinding.Of(victim.Place, registered);
        var proof = MemberKeyPlaintext.Open(group.Cipher, before, registered.MemberKey.Span);
        await RefuseAsync(ErrorCodes.ProofOfPossessionInvalid, taken with { MemberKey = proof.Encrypt(group.Cipher, MemberBinding.Of(victim.Place, taken)) });
        await CheckAsync(group, 0);
    }

    [Fact]
    public async Task G14_a_place_moved_to_another_enclave_is_another_manifest_and_refused()
    {
        var group = Group(out var members);
        var moved = new TestGroup(_enclaves, members, new GroupShape
        {
            Creator = group.Creator,
            Change = manifest => manifest with { Participants = [manifest.Participants[0] with { Enclave = 1 }, .. manifest.Participants.Skip(1)] },
        });
        var call = moved.Registration(0, enclave: 1);
        call.Registration = group.Registrations[0].Statement.ToWire();
        call.Envelope = ByteString.CopyFrom(group.Registrations[0].Envelope);
        await Refused.WithAsync(ErrorCodes.RegistrationInvalid, () => _enclaves[1].GroupDesk.CheckRegistrationAsync(call, Cancellation));
    }

    [Fact]
    public async Task P07_joining_after_join_by_is_refused_on_the_enclaves_time_and_a_formed_group_still_loads()
    {
        var group = new TestGroup(_enclaves, [new(0), new(1)], new GroupShape { JoinBy = TestGroup.Created + 60_000 });
        var clock = _enclaves[0].Clock;
        clock.Now = TestGroup.Created + 60_000;
        await _enclaves[0].GroupDesk.CheckRegistrationAsync(group.Registration(0), Cancellation);
        clock.Now++;
        await Refused.WithAsync(ErrorCodes.JoinClosed, () => _enclaves[0].GroupDesk.CheckRegistrationAsync(group.Registration(0), Cancellation));
        await _enclaves[0].GroupDesk.LoadGroupAsync(group.Bundle(0), Cancellation);
        Assert.All(await new Driver(new TestRequest(group, TestRequest.Messages(1)), _enclaves).RunAsync(), item => Assert.IsType<ItemResult.Completed>(item));
    }

    [Fact]
    public async Task A_registration_changed_in_any_byte_is_refused()
    {
        var group = Group(out _);
        var (statement, envelope) = group.Registrations[0];
        var bytes = statement.Statement.ToArray();
        for (var i = 0; i < bytes.Length; i++)
        {
            bytes[i] ^= 0x10;
            var changed = new SignedStatement(bytes.ToArray(), statement.Signatures);
            bytes[i] ^= 0x10;
            var refusal = await Assert.ThrowsAsync<KeyMeldException>(() => CheckAsync(group, (changed, envelope)));
            Assert.Contains(refusal.Code, (string[])[ErrorCodes.StatementInvalid, ErrorCodes.RegistrationInvalid, ErrorCodes.LimitExceeded]);
        }
    }

    private TestGroup Group(out TestMember[] members)
    {
        members = [new(0), new(1), new(0)];
        return new TestGroup(_enclaves, members);
    }

    private Task CheckAsync(TestGroup group, int member, int[]? accepted = null) =>
        _enclaves[group.Members[member].Enclave!.Value].GroupDesk.CheckRegistrationAsync(group.Registration(member, null, accepted ?? []), Cancellation);

    private Task CheckAsync(TestGroup group, (SignedStatement Statement, byte[] Envelope) registration, int[]? accepted = null, int enclave = 0) =>
        _enclaves[enclave].GroupDesk.CheckRegistrationAsync(
            new UntrustedRegistration
            {
                Keygen = group.Keygen(enclave),
                Accepted = { (accepted ?? []).Select(index => group.Registrations[index].Statement.ToWire()) },
                Registration = registration.Statement.ToWire(),
                Envelope = ByteString.CopyFrom(registration.Envelope),
            },
            Cancellation);
}
