using System.Security.Cryptography;
using Google.Protobuf;
using KeyMeld.Protocol.Errors;
using KeyMeld.Protocol.Groups;
using KeyMeld.Protocol.Ids;
using KeyMeld.Protocol.Keys;
using KeyMeld.Protocol.Statements;
using KeyMeld.Secp256k1;
using KeyMeld.Tests.Enclave.Rounds;
using KeyMeld.Wire.V1;
using SignedStatement = KeyMeld.Protocol.Statements.SignedStatement;

namespace KeyMeld.Tests.Enclave.Keys;

public sealed class MadeMemberKeyTests : IDisposable
{
    private readonly HostedEnclave[] _enclaves = HostedEnclave.Fleet(2);
    private readonly TestMember[] _members = [new(0) { Source = KeySource.Made }, new(1), new(0) { Source = KeySource.Made }];
    private readonly byte[] _response = RandomNumberGenerator.GetBytes(32);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        foreach (var enclave in _enclaves)
        {
            enclave.Dispose();
        }
    }

    [Fact]
    public async Task A_made_key_registers_with_what_the_enclave_answered_and_nobody_else_has_it()
    {
        var group = new TestGroup(_enclaves, _members);
        var binding = Binding(group, _members[0]);
        var answer = await MakeAsync(group, binding);
        Assert.True(answer.Key.ToXOnly().Verify(MemberKeyPlaintext.ProofDigest(binding, answer.Key).Bytes, answer.Proof!));
        Assert.NotEqual(answer.Key, (await MakeAsync(group, binding)).Key);

        var (statement, envelope) = Register(group, _members[0], answer);
        await CheckAsync(group, statement, envelope);
        // What it sealed to itself opens for it alone, and in this place alone.
        using var restarted = _enclaves[0].Again();
        await CheckAsync(group, statement, envelope, restarted);
        var elsewhere = MemberBinding.Of(group.Manifest.Digest, _members[2].User, 0, _members[2].Auth.XOnlyPublicKey, true, KeySource.Made);
        Assert.False(SelfSeal.TryOpen(_enclaves[0].Identity.IdentityKey, elsewhere, envelope, out _));
        Assert.False(SelfSeal.TryOpen(_enclaves[1].Identity.IdentityKey, binding, envelope, out _));
    }

    [Fact]
    public async Task A_group_of_made_and_imported_keys_loads_signs_and_signs_again_after_a_restart()
    {
        var group = new TestGroup(_enclaves, _members, new GroupShape { Unattended = true });
        var driver = new Driver(new TestRequest(group, TestRequest.Messages(3)), _enclaves);
        Assert.All(await driver.RunAsync(), item => Assert.IsType<ItemResult.Completed>(item));
        driver = new Driver(new TestRequest(group, TestRequest.Messages(2)), _enclaves);
        driver.Restart(0);
        Assert.All(await driver.RunAsync(), item => Assert.IsType<ItemResult.Completed>(item));
        driver.Enclaves[0].Dispose();
    }

    [Fact]
    public async Task A_made_key_of_an_older_epoch_opens_with_that_epochs_identity()
    {
        var group = new TestGroup(_enclaves, _members);
        using var rotated = new HostedEnclave(0, _enclaves[0].Clock, HostedEnclave.DefaultMemory, _enclaves[0].Identity, HostedEnclave.NewIdentity(2));
        await rotated.GroupDesk.LoadGroupAsync(group.Bundle(0), Cancellation);
        var binding = Binding(group, _members[0]);
        var reply = await rotated.Keys.MakeMemberKeyAsync(Call(group, binding));
        var (statement, envelope) = Register(group, _members[0], MadeKeyAnswer.Open(_response, binding, reply.Answer.Span));
        await CheckAsync(group, statement, envelope, _enclaves[0]);
    }

    [Fact]
    public async Task G02_a_made_key_asked_for_another_group_user_enclave_source_or_role_is_refused()
    {
        var group = new TestGroup(_enclaves, _members);
        var (manifest, user, auth) = (group.Manifest.Digest, _members[0].User, _members[0].Auth.XOnlyPublicKey);
        (byte[] Binding, string Code)[] wrong =
        [
            (MemberBinding.Of(Hash32.Sha256([1]), user, 0, auth, true, KeySource.Made), ErrorCodes.RegistrationInvalid),
            (MemberBinding.Of(manifest, Id16.Random(), 0, auth, true, KeySource.Made), ErrorCodes.RegistrationInvalid),
            (MemberBinding.Of(manifest, user, 1, auth, true, KeySource.Made), ErrorCodes.RegistrationInvalid),
            (MemberBinding.Of(manifest, user, null, auth, true, KeySource.Made), ErrorCodes.RegistrationInvalid),
            (MemberBinding.Of(manifest, _members[1].User, 1, auth, true, KeySource.Made), ErrorCodes.EnclaveMismatch),
            (MemberBinding.Of(manifest, user, 0, auth, true, KeySource.Imported), ErrorCodes.RegistrationInvalid),
            (MemberBinding.Of(manifest, user, 0, auth, true, KeySource.Home), ErrorCodes.RegistrationInvalid),
            (MemberBinding.Of(manifest, user, 0, group.Creator.XOnlyPublicKey, true, KeySource.Made), ErrorCodes.RegistrationInvalid),
            (MemberBinding.Of(manifest, user, 0, _members[2].Admission.XOnlyPublicKey, true, KeySource.Made), ErrorCodes.RegistrationInvalid),
            ([0x80], ErrorCodes.StatementInvalid),
            ([.. Binding(group, _members[0]), 0], ErrorCodes.StatementInvalid),
        ];
        foreach (var (binding, code) in wrong)
        {
            await Refused.WithAsync(code, () => _enclaves[0].Keys.MakeMemberKeyAsync(Call(group, binding)));
        }
        var right = Binding(group, _members[0]);
        await Refused.WithAsync(ErrorCodes.ManifestInvalid, () => _enclaves[0].Keys.MakeMemberKeyAsync(Call(group, right).With(call => call.Manifest.Signatures[0] = call.Manifest.Signatures[0].Flipped())));
        await Refused.WithAsync(ErrorCodes.EnvelopeUnreadable, () => _enclaves[0].Keys.MakeMemberKeyAsync(Call(group, right).With(call => call.Sealed = call.Sealed.Flipped())));
        // A request for one place, sent for another: the response secret is sealed for its place.
        var other = Call(group, right).With(call => call.Binding = ByteString.CopyFrom(Binding(group, _members[2])));
        await Refused.WithAsync(ErrorCodes.EnvelopeUnreadable, () => _enclaves[0].Keys.MakeMemberKeyAsync(other));
        await MakeAsync(group, right);
    }

    [Fact]
    public async Task G02_a_made_key_registered_under_another_user_auth_approval_group_or_enclave_is_refused()
    {
        var group = new TestGroup(_enclaves, _members);
        var answer = await MakeAsync(group, Binding(group, _members[0]));
        var victim = _members[0];
        using var attacker = SecretKey.Generate();
        // Whoever has the admission key registers the victim's sealed key with another authorisation key, or without approval: the proof is for other choices.
        var other = new TestMember(0) { User = victim.User, Admission = victim.Admission, Source = KeySource.Made, Auth = attacker };
        var (statement, envelope) = Register(group, other, answer);
        await Refused.WithAsync(ErrorCodes.ProofOfPossessionInvalid, () => CheckAsync(group, statement, envelope));
        // With a key and a proof of its own the sealed secret is not that key's.
        (statement, _) = other.Register(group, registration => registration with { Envelope = Hash32.Sha256(envelope) });
        await Refused.WithAsync(ErrorCodes.EnvelopeUnreadable, () => CheckAsync(group, statement, envelope));
        // In a twin of the group, with all keys and places the same.
        var twin = new TestGroup(_enclaves, _members);
        (statement, _) = victim.Register(twin, registration => registration with { Envelope = Hash32.Sha256(envelope) });
        await Refused.WithAsync(ErrorCodes.EnvelopeUnreadable, () => CheckAsync(twin, statement, envelope));
        // The registration says imported: an enclave's own seal is no HPKE blob.
        var imported = new TestMember(0) { User = victim.User, Admission = victim.Admission };
        (statement, _) = imported.Register(group, registration => registration with { Envelope = Hash32.Sha256(envelope) });
        await Refused.WithAsync(ErrorCodes.EnvelopeUnreadable, () => CheckAsync(group, statement, envelope));
        var (honest, own) = Register(group, victim, answer);
        await CheckAsync(group, honest, own);
    }

    [Fact]
    public async Task P03_a_made_key_that_does_not_open_or_match_is_refused_with_its_reason()
    {
        var group = new TestGroup(_enclaves, _members);
        var (statement, envelope) = group.Registrations[0];
        envelope = [.. envelope[..^1], (byte)(envelope[^1] ^ 1)];
        await Refused.WithAsync(ErrorCodes.EnvelopeMismatch, () => CheckAsync(group, statement, envelope));
        foreach (var wire in (byte[][])[envelope, [], new byte[61], new byte[5000]])
        {
            (statement, _) = _members[0].Register(group, registration => registration with { Envelope = Hash32.Sha256(wire) });
            await Refused.WithAsync(ErrorCodes.EnvelopeUnreadable, () => CheckAsync(group, statement, wire));
        }
        var (swapped, other) = _members[0].Register(group, sealedSecret: SecretKey.Generate());
        await Refused.WithAsync(ErrorCodes.EnvelopeMismatch, () => CheckAsync(group, swapped, other));
        await CheckAsync(group, group.Registrations[0].Statement, group.Registrations[0].Envelope);
    }

    private static byte[] Binding(TestGroup group, TestMember member) =>
        MemberBinding.Of(group.Manifest.Digest, member.User, member.Enclave, member.Auth.XOnlyPublicKey, member.Approval, KeySource.Made);

    private UntrustedMakeMemberKey Call(TestGroup group, byte[] binding) => new()
    {
        Manifest = group.Manifest.Statement.ToWire(),
        Binding = ByteString.CopyFrom(binding),
        Sealed = ByteString.CopyFrom(MakeKeyEnvelope.Seal(_enclaves[0].Identity.Key, binding, _response)),
    };

    private async Task<MadeKeyAnswer> MakeAsync(TestGroup group, byte[] binding)
    {
        var reply = await _enclaves[0].Keys.MakeMemberKeyAsync(Call(group, binding));
        return MadeKeyAnswer.Open(_response, binding, reply.Answer.Span);
    }

    private static (SignedStatement Statement, byte[] Envelope) Register(TestGroup group, TestMember member, MadeKeyAnswer answer)
    {
        var binding = Binding(group, member);
        var (statement, _) = member.Register(group, registration => registration with
        {
            MemberKey = new MemberKeyPlaintext(answer.Key, answer.Proof!).Encrypt(group.Cipher, binding),
            Envelope = Hash32.Sha256(answer.Sealed!),
        });
        return (statement, answer.Sealed!);
    }

    private Task CheckAsync(TestGroup group, SignedStatement statement, byte[] envelope, HostedEnclave? at = null) => (at ?? _enclaves[0]).GroupDesk.CheckRegistrationAsync(
        new UntrustedRegistration { Keygen = group.Keygen(0), Registration = statement.ToWire(), Envelope = ByteString.CopyFrom(envelope) }, Cancellation);
}
