using Google.Protobuf;
using KeyMeld.Attestation;
using KeyMeld.Protocol.Errors;
using KeyMeld.Protocol.Identity;
using KeyMeld.Protocol.Statements;
using KeyMeld.Tests.Enclave.Support;
using KeyMeld.Wire.V1;

namespace KeyMeld.Tests.Enclave.Identity;

public class IdentityTests(MachineFixture fixture) : IClassFixture<MachineFixture>
{
    private TestMachine Machine => fixture.Machine;

    [Fact]
    public async Task The_identity_is_attested_over_the_callers_nonce_and_names_every_epoch()
    {
        var enclave = await Machine.StartEnclaveAsync();
        var first = await enclave.BeginAsync(number: 7);
        var nonce = Enumerable.Range(0, 32).Select(i => (byte)i).ToArray();
        var (identity, attestation) = await ShowAsync(enclave, nonce);

        Assert.Equal((7, EnclaveMode.Development, Machine.KeyArn), (identity.Id, identity.Mode, identity.Kms));
        Assert.Equal([1], identity.Protocols);
        Assert.StartsWith("KeyMeld.Enclave/", identity.Software, StringComparison.Ordinal);
        var status = await enclave.StatusAsync();
        Assert.Equal(status.Boot.Span, identity.Boot.Bytes);
        Assert.Equal(status.ConfigDigest.Span, identity.Config.Bytes);
        var keys = Assert.Single(identity.Keys);
        Assert.Equal((1, Convert.ToHexStringLower(first.PublicKey.Span)), (keys.Epoch, keys.Key.ToString()));
        Assert.Equal(status.Keys[0].Sign.Span, keys.Sign.Bytes);
        Assert.Equal((Machine.Measurement.Pcr0, Machine.Measurement.Pcr1, Machine.Measurement.Pcr2), (attestation.Pcrs.Pcr0, attestation.Pcrs.Pcr1, attestation.Pcrs.Pcr2));

        var second = await enclave.GenesisAsync(2, enclave: 7);
        Assert.Single((await ShowAsync(enclave, nonce)).Identity.Keys);
        await enclave.ConfigureAsync(new UntrustedConfigure { EnclaveId = 7, Rows = { first, second } });
        Assert.Equal([1, 2], (await ShowAsync(enclave, new byte[32])).Identity.Keys.Select(epoch => epoch.Epoch));
    }

    [Fact]
    public async Task The_statement_key_is_derived_from_the_identity_key_and_the_same_after_a_restart()
    {
        var enclave = await Machine.StartEnclaveAsync();
        var row = await enclave.BeginAsync();
        var ring = enclave.Part<KeyMeld.Enclave.Identity.KeyKeeper>().Current;
        using var derived = StatementKey.Derive(ring.Newest.IdentityKey);
        Assert.Equal(derived.XOnlyPublicKey, ring.Newest.Sign);
        Assert.True(ring.TryFind(ring.Newest.Key, out var found) && found.Epoch == 1);
        Assert.False(ring.TryFind(derived.PublicKey, out _));

        var restarted = await Machine.StartEnclaveAsync();
        await restarted.ConfigureAsync(row);
        Assert.Equal(ring.Newest.Sign, restarted.Part<KeyMeld.Enclave.Identity.KeyKeeper>().Current.Newest.Sign);
    }

    [Fact]
    public async Task A_locked_enclave_and_a_wrong_nonce_get_no_identity()
    {
        var enclave = await Machine.StartEnclaveAsync();
        Assert.Equal(ErrorCodes.EnclaveLocked, await RefusalAsync(enclave, 32));
        await enclave.BeginAsync();
        Assert.Equal(ErrorCodes.BadRequest, await RefusalAsync(enclave, 31));
        Assert.Equal(ErrorCodes.BadRequest, await RefusalAsync(enclave, 0));
        Assert.Equal(ErrorCodes.BadRequest, await RefusalAsync(enclave, 33));
    }

    [Fact]
    public async Task Many_callers_at_once_are_answered_or_told_that_it_is_busy()
    {
        var enclave = await Machine.StartEnclaveAsync();
        await enclave.BeginAsync();
        var answers = await Task.WhenAll(Enumerable.Range(0, 200).Select(async i =>
        {
            try
            {
                await ShowAsync(enclave, [(byte)i, .. new byte[31]]);
                return "shown";
            }
            catch (Grpc.Core.RpcException exception)
            {
                return KeyMeld.Wire.EnclaveFault.FromRpc(exception).Code;
            }
        }));
        Assert.Contains("shown", answers);
        Assert.All(answers, answer => Assert.Contains(answer, new[] { "shown", ErrorCodes.Busy }));
        await ShowAsync(enclave, new byte[32]);
    }

    private async Task<(IdentityDocument Identity, VerifiedAttestation Attestation)> ShowAsync(TestEnclave enclave, byte[] nonce)
    {
        var shown = await enclave.Client.GetIdentityAsync(new GetIdentityRequest { Nonce = ByteString.CopyFrom(nonce) }, cancellationToken: TestContext.Current.CancellationToken);
        var userData = IdentityDocument.UserData(shown.Identity.Span);
        var verified = new AttestationVerifier(Machine.Nsm.Root, TimeProvider.System).Verify(shown.Attestation.Span, AttestationExpectations.Identity(nonce, userData.Bytes));
        return (IdentityDocument.Parse(shown.Identity.Span), verified);
    }

    private static async Task<string> RefusalAsync(TestEnclave enclave, int nonceLength) => (await TestEnclave.RefusalAsync(async () =>
        await enclave.Client.GetIdentityAsync(new GetIdentityRequest { Nonce = ByteString.CopyFrom(new byte[nonceLength]) }, cancellationToken: TestContext.Current.CancellationToken))).Code;
}
