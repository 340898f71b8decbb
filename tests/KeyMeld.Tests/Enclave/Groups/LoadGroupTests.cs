using Google.Protobuf;
using KeyMeld.Protocol.Errors;
using KeyMeld.Protocol.Groups;
using KeyMeld.Protocol.Ids;
using KeyMeld.Protocol.Sessions;
using KeyMeld.Protocol.Statements;
using KeyMeld.Secp256k1;
using KeyMeld.Tests.Enclave.Rounds;
using KeyMeld.Wire.V1;

namespace KeyMeld.Tests.Enclave.Groups;

public sealed class LoadGroupTests
{
    private readonly HostedEnclave[] _enclaves = HostedEnclave.Fleet(3);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_receipts_of_all_enclaves_confirm_the_roster_that_a_client_computes()
    {
        var group = Group();
        var receipts = new List<Receipt>();
        foreach (var (index, enclave) in _enclaves.Index())
        {
            var reply = await enclave.GroupDesk.LoadGroupAsync(group.Bundle(index), Cancellation);
            Assert.Equal(group.RosterHash, new Hash32(reply.Roster.Span));
            receipts.Add(new Receipt((int)reply.Enclave, SchnorrSignature.Parse(reply.Signature.Span)));
        }
        Receipt.VerifyAll(group.Roster, receipts);
        Assert.Equal(1UL, _enclaves[0].Counters.GroupsLoaded);
    }

    [Fact]
    public async Task A_missing_registration_or_envelope_gets_no_receipt()
    {
        var group = Group();
        await Refused.WithAsync(ErrorCodes.GroupNotFormed, () => LoadAsync(group, 0, bundle => bundle.Registrations.RemoveAt(2)));
        await Refused.WithAsync(ErrorCodes.EnvelopeUnreadable, () => LoadAsync(group, 0, bundle => bundle.Envelopes.RemoveAt(0)));
        await LoadAsync(group, 0);
    }

    [Fact]
    public async Task Registrations_out_of_order_or_twice_are_refused()
    {
        var group = Group();
        var (first, second) = (group.Registrations[0].Statement.ToWire(), group.Registrations[1].Statement.ToWire());
        await Refused.WithAsync(ErrorCodes.RegistrationInvalid, () => LoadAsync(group, 0, bundle => (bundle.Registrations[0], bundle.Registrations[1]) = (second, first)));
        await Refused.WithAsync(ErrorCodes.SlotTaken, () => LoadAsync(group, 0, bundle => bundle.Registrations[1] = first));
    }

    [Fact]
    public async Task Envelopes_of_the_wrong_place_or_twice_are_refused()
    {
        var group = Group();
        await Refused.WithAsync(ErrorCodes.EnvelopeMismatch, () => LoadAsync(group, 0, bundle => bundle.Envelopes[0].Participant = 1));
        await Refused.WithAsync(ErrorCodes.EnvelopeMismatch, () => LoadAsync(group, 0, bundle => bundle.Envelopes[0].Participant = 99));
        await Refused.WithAsync(ErrorCodes.BadRequest, () => LoadAsync(group, 0, bundle => bundle.Envelopes[0].Participant = uint.MaxValue));
        await Refused.WithAsync(ErrorCodes.EnvelopeMismatch, () => LoadAsync(group, 0, bundle => bundle.Envelopes.Add(bundle.Envelopes[0])));
        await Refused.WithAsync(ErrorCodes.EnvelopeMismatch, () => LoadAsync(group, 0, bundle => bundle.Envelopes[0].Sealed = bundle.Envelopes[0].Sealed.Flipped()));
        await LoadAsync(group, 0);
    }

    [Fact]
    public async Task G02_the_envelopes_of_two_members_exchanged_are_refused_even_where_the_group_is_loaded()
    {
        var group = new TestGroup(_enclaves, [new(0), new(0), new(1)]);
        await LoadAsync(group, 0);
        await Refused.WithAsync(
            ErrorCodes.EnvelopeMismatch,
            () => LoadAsync(group, 0, bundle => (bundle.Envelopes[0].Sealed, bundle.Envelopes[1].Sealed) = (bundle.Envelopes[1].Sealed, bundle.Envelopes[0].Sealed)));
        Assert.All(await new Driver(new TestRequest(group, TestRequest.Messages(1)), _enclaves).RunAsync(), item => Assert.IsType<ItemResult.Completed>(item));
    }

    [Fact]
    public async Task G03_a_new_group_built_from_honest_members_envelopes_is_refused()
    {
        // The gateway is a creator like any other: it signs an unattended manifest over the same users and seals a session secret of its own.
        var honest = Group();
        var stolen = honest.Bundle(0);
        var members = honest.Members.Select(member => new TestMember(member.Enclave) { User = member.User }).ToArray();
        var forged = new TestGroup(_enclaves, members, new GroupShape { Unattended = true });

        // The members' registrations are for the group they consented to.
        await Refused.WithAsync(ErrorCodes.RegistrationInvalid, () => LoadAsync(forged, 0, bundle =>
        {
            bundle.Registrations.Clear();
            bundle.Registrations.AddRange(stolen.Registrations);
            bundle.Envelopes[0].Sealed = stolen.Envelopes[0].Sealed;
        }));

        // Registrations of the gateway's own making commit to the stolen envelope, which is bound to the honest group, user and key.
        var (statement, _) = members[0].Register(forged, registration => registration with { Envelope = Hash32.Sha256(stolen.Envelopes[0].Sealed.Span) });
        await Refused.WithAsync(ErrorCodes.EnvelopeUnreadable, () => LoadAsync(forged, 0, bundle =>
        {
            bundle.Registrations[0] = statement.ToWire();
            bundle.Envelopes[0].Sealed = stolen.Envelopes[0].Sealed;
        }));
        await LoadAsync(honest, 0);
    }

    [Fact]
    public async Task G05_the_attackers_key_in_another_enclaves_view_of_the_group_is_refused()
    {
        // The attacker has the session secret (a colluding member) and wants enclave 1 to believe in its key in the place of member 0.
        var group = Group();
        var victim = group.Members[0];
        var attacker = new TestMember(0) { User = victim.User };
        await Refused.WithAsync(ErrorCodes.RegistrationInvalid, () => LoadAsync(group, 1, bundle => bundle.Registrations[0] = attacker.Register(group).Statement.ToWire()));

        // The victim's own registration with another member key in it: its signatures are over the ciphertext.
        var registered = Registration.Parse(group.Registrations[0].Statement.Statement.Span);
        var binding = MemberBinding.Of(victim.Place, registered);
        var swapped = (registered with { MemberKey = MemberKeyPlaintext.Prove(attacker.Key, binding).Encrypt(group.Cipher, binding) }).Encode();
        await Refused.WithAsync(ErrorCodes.RegistrationInvalid, () => LoadAsync(group, 1, bundle => bundle.Registrations[0].Statement = ByteString.CopyFrom(swapped)));

        // With the admission key too (the creator's help) it still cannot pass for the honest roster: ρ is another, and so is every receipt.
        attacker.Admission = victim.Admission;
        var reply = await LoadAsync(group, 1, bundle => bundle.Registrations[0] = attacker.Register(group).Statement.ToWire());
        Assert.NotEqual(group.RosterHash, new Hash32(reply.Roster.Span));
        var honest = await LoadAsync(group, 0);
        Receipt[] receipts = [Read(honest), Read(reply), Read(await LoadAsync(group, 2))];
        Assert.Equal(ErrorCodes.ReceiptInvalid, Assert.Throws<KeyMeldException>(() => Receipt.VerifyAll(group.Roster, receipts)).Code);
    }

    [Fact]
    public async Task G18_enclaves_with_different_rosters_of_one_manifest_never_sign_together()
    {
        // The creator helps: two rosters, in which the place of member 2 is the honest one's and another's.
        var group = Group();
        var other = new TestMember(2) { User = group.Members[2].User, Admission = group.Members[2].Admission };
        var (statement, envelope) = other.Register(group);
        var bundle = group.Bundle(2);
        bundle.Registrations[2] = statement.ToWire();
        bundle.Envelopes[0].Sealed = ByteString.CopyFrom(envelope);
        var reply = await _enclaves[2].GroupDesk.LoadGroupAsync(bundle, Cancellation);
        Assert.NotEqual(group.RosterHash, new Hash32(reply.Roster.Span));

        // A request over the honest roster finds no group there: not by itself, not with the other bundle, not under the other's name.
        var driver = new Driver(new TestRequest(group, TestRequest.Messages(1)), _enclaves);
        var open = driver.OpenCall(2, bundle: false);
        await Refused.WithAsync(ErrorCodes.NotLoaded, () => _enclaves[2].Signing.OpenAsync(open, Cancellation));
        open.Bundle = bundle;
        await Refused.WithAsync(ErrorCodes.RosterMismatch, () => _enclaves[2].Signing.OpenAsync(open, Cancellation));
        open.Roster = reply.Roster;
        await Refused.WithAsync(ErrorCodes.RosterMismatch, () => _enclaves[2].Signing.OpenAsync(open, Cancellation));
        Assert.Equal(0UL, _enclaves[2].Counters.NoncesIssued);
        await driver.AssertCanGoOnAsync(1);
    }

    [Fact]
    public async Task Twenty_calls_at_once_load_a_group_once()
    {
        var group = Group();
        var driver = new Driver(new TestRequest(group, TestRequest.Messages(1)), _enclaves);
        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => Task.Run(() => driver.OpenAsync(0))));
        Assert.Equal(1UL, _enclaves[0].Counters.GroupsLoaded);
        Assert.All(answers, answer => Assert.Equal(answers[0], answer));
    }

    [Fact]
    public async Task The_least_recently_used_group_makes_room_but_never_one_with_an_open_attempt()
    {
        using var enclave = new HostedEnclave(memory: 128 << 10);
        TestGroup Group() => new([enclave], [new(0), new(0)], new GroupShape { Unattended = true });
        var driver = new Driver(new TestRequest(Group(), TestRequest.Messages(1)), enclave);
        var round1 = await driver.OpenAllAsync();
        var groups = Enumerable.Range(0, 20).Select(_ => Group()).ToArray();
        foreach (var group in groups)
        {
            await enclave.GroupDesk.LoadGroupAsync(group.Bundle(0), Cancellation);
            Assert.InRange(enclave.Memory.Used, 1, enclave.Memory.Limit);
        }
        Assert.InRange(enclave.Groups.Count, 2, 12);
        Assert.False(enclave.Groups.TryLease(groups[0].RosterHash, out _));
        Assert.True(enclave.Groups.TryLease(groups[^1].RosterHash, out _));
        // The one with the open attempt is the oldest, and still there: it signs without being handed over again.
        Assert.Equal(1u, (await driver.SignAsync(0, round1)).Attempt);
    }

    [Fact]
    public async Task A_group_that_finds_no_room_is_busy_and_loads_later()
    {
        using var enclave = new HostedEnclave(memory: 64 << 10);
        var group = new TestGroup([enclave], [new(0), new(0)], new GroupShape { Unattended = true });
        using (enclave.Memory.Reserve(60 << 10))
        {
            await Refused.WithAsync(ErrorCodes.Busy, () => enclave.GroupDesk.LoadGroupAsync(group.Bundle(0), Cancellation));
            Assert.Equal(0, enclave.Groups.Count);
        }
        await enclave.GroupDesk.LoadGroupAsync(group.Bundle(0), Cancellation);
    }

    [Fact]
    public async Task A_forgotten_group_is_wiped_when_the_last_call_lets_go_of_it()
    {
        var group = Group();
        await LoadAsync(group, 0);
        Assert.True(_enclaves[0].Groups.TryLease(group.RosterHash, out var lease));
        var bundle = lease.Bundle;
        var key = bundle.KeyOf(0);
        _enclaves[0].Groups.Forget(group.Manifest.Digest);
        Assert.False(_enclaves[0].Groups.TryLease(group.RosterHash, out _));
        Assert.NotEmpty(bundle.Cipher.Encrypt(Purposes.Terms, Aad.Terms(), [1]));

        lease.Dispose();
        Assert.Throws<ObjectDisposedException>(() => key.SignSchnorr(new byte[32]));
        Assert.Throws<ObjectDisposedException>(() => bundle.Cipher.Encrypt(Purposes.Terms, Aad.Terms(), [1]));
        Assert.Equal(0, _enclaves[0].Memory.Used);
    }

    private static Receipt Read(ReceiptReply reply) => new((int)reply.Enclave, SchnorrSignature.Parse(reply.Signature.Span));

    private TestGroup Group() => new(_enclaves, [new(0), new(1), new(2)]);

    private Task<ReceiptReply> LoadAsync(TestGroup group, int enclave, Action<UntrustedBundle>? change = null) =>
        _enclaves[enclave].GroupDesk.LoadGroupAsync(group.Bundle(enclave).With(change ?? (_ => { })), Cancellation);
}
