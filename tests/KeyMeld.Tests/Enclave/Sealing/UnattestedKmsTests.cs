using Amazon.KeyManagementService.Model;
using KeyMeld.DevKit.Kms.Wire;
using KeyMeld.Protocol.Errors;
using KeyMeld.Tests.Enclave.Support;
using static KeyMeld.Wire.V1.EnclaveStatus.Types;

namespace KeyMeld.Tests.Enclave.Sealing;

/// <summary>Development with a KMS that knows no attestation (LocalStack, moto): plain answers, and an alias that is resolved once.</summary>
public class UnattestedKmsTests(MachineFixture fixture) : IClassFixture<MachineFixture>
{
    private TestMachine Machine => fixture.Machine;

    [Fact]
    public async Task K28_an_alias_is_resolved_at_genesis_and_pointing_it_elsewhere_later_changes_nothing()
    {
        var (mine, other) = (await Machine.CreateKeyAsync(null), await Machine.CreateKeyAsync(null));
        await Machine.Admin.CreateAliasAsync(new CreateAliasRequest { AliasName = "alias/keymeld", TargetKeyId = mine }, TestContext.Current.CancellationToken);
        var row = await (await StartAsync("alias/keymeld")).BeginAsync();
        Assert.Equal(mine, row.KmsKeyId);

        await Machine.Admin.UpdateAliasAsync(new UpdateAliasRequest { AliasName = "alias/keymeld", TargetKeyId = other }, TestContext.Current.CancellationToken);
        Assert.Equal(State.Ready, (await (await StartAsync("alias/keymeld")).ConfigureAsync(row)).State);
        var moved = row.Clone();
        moved.KmsKeyId = other;
        Assert.Equal(ErrorCodes.SealedKeyCorrupt, (await (await StartAsync("alias/keymeld")).ConfigureAsync(moved)).Reason);
        Assert.Equal(ErrorCodes.KmsKeyNotFound, (await RefusedGenesisAsync("alias/nobody")).Code);
        using (fixture.Between(exchange => exchange.Answer.With("KeyId", "alias/keymeld")))
        {
            Assert.Equal(ErrorCodes.KmsResponseInvalid, (await RefusedGenesisAsync("alias/keymeld")).Code);
        }
    }

    [Fact]
    public async Task An_answer_in_another_form_than_asked_for_is_refused()
    {
        var key = await Machine.CreateKeyAsync(null);
        var row = await (await StartAsync(key)).BeginAsync();
        Func<KmsExchange, KmsAnswer>[] answers =
        [
            exchange => exchange.Answer.Without("Plaintext"),
            exchange => exchange.Answer.With("CiphertextForRecipient", Convert.ToBase64String(new byte[100])),
            exchange => exchange.Answer.With("Plaintext", Convert.ToBase64String(new byte[31])),
        ];
        foreach (var answer in answers)
        {
            using (fixture.Between(exchange => answer(exchange)))
            {
                Assert.Equal(ErrorCodes.KmsResponseInvalid, (await (await StartAsync(key)).ConfigureAsync(row)).Reason);
            }
        }
        Assert.Equal(State.Ready, (await (await StartAsync(key)).ConfigureAsync(row)).State);
    }

    private async Task<KeyMeldException> RefusedGenesisAsync(string keyId)
    {
        var enclave = await StartAsync(keyId);
        await enclave.ConfigureAsync();
        return await TestEnclave.RefusalAsync(() => enclave.GenesisAsync());
    }

    private Task<TestEnclave> StartAsync(string keyId) =>
        Machine.StartEnclaveAsync(change: configuration => configuration with { Kms = configuration.Kms with { KeyId = keyId, EnableAttestation = false } });
}
