using KeyMeld.Protocol.Errors;
using KeyMeld.Protocol.Statements;
using KeyMeld.Tests.Enclave.Support;
using static KeyMeld.Wire.V1.EnclaveStatus.Types;

namespace KeyMeld.Tests.Enclave.Sealing;

public class PolicyProbeTests(MachineFixture fixture) : IClassFixture<MachineFixture>
{
    private TestMachine Machine => fixture.Machine;

    [Fact]
    public async Task A_production_enclave_serves_when_every_unattested_use_is_denied()
    {
        var enclave = await StartAsync();
        var row = await enclave.BeginAsync();
        var before = Machine.Kms.Calls.ToDictionary();
        var status = await (await StartAsync()).ConfigureAsync(row);
        Assert.Equal(State.Ready, status.State);
        Assert.Equal("production", status.Mode);
        long Asked(string operation) => Machine.Kms.Calls[operation] - before.GetValueOrDefault(operation);
        Assert.Equal((1, 2, 1, 1), (Asked("GenerateDataKey"), Asked("Decrypt"), Asked("Encrypt"), Asked("ReEncrypt")));
        Assert.Equal(5ul, status.Counters.KmsCalls);
    }

    [Fact]
    public async Task K17_a_row_under_the_previous_key_is_probed_for_a_way_into_the_configured_one_too()
    {
        var row = await (await StartAsync()).BeginAsync();
        var next = await Machine.CreateKeyAsync(Machine.ClosedPolicy(Machine.Measurement));
        var before = Machine.Kms.Calls.GetValueOrDefault("ReEncrypt");

        var moved = await Machine.StartEnclaveAsync(change: configuration => configuration with
        {
            Mode = EnclaveMode.Production,
            Kms = configuration.Kms with { KeyId = next, PreviousKeyIds = [Machine.KeyArn] },
        });

        Assert.Equal(State.Ready, (await moved.ConfigureAsync(row)).State);
        Assert.Equal(2, Machine.Kms.Calls["ReEncrypt"] - before);
    }

    [Theory]
    [InlineData("kms:GenerateDataKey")]
    [InlineData("kms:Decrypt")]
    [InlineData("kms:Encrypt")]
    [InlineData("kms:ReEncryptFrom", "kms:ReEncryptTo")]
    [InlineData("kms:*")]
    public async Task K17_a_policy_that_allows_unattested_use_locks_at_genesis_and_at_restart(params string[] open)
    {
        var enclave = await StartAsync();
        await enclave.ConfigureAsync();
        try
        {
            await Machine.SetPolicyAsync(Machine.KeyArn, Machine.OpenPolicy(open));
            Assert.Equal(ErrorCodes.KmsPolicyOpen, (await TestEnclave.RefusalAsync(() => enclave.GenesisAsync())).Code);
            await Machine.SetPolicyAsync(Machine.KeyArn, Machine.ClosedPolicy(Machine.Measurement));
            var row = await enclave.GenesisAsync();

            await Machine.SetPolicyAsync(Machine.KeyArn, Machine.OpenPolicy(open));
            var restarted = await StartAsync();
            var status = await restarted.ConfigureAsync(row);
            Assert.Equal((State.Locked, ErrorCodes.KmsPolicyOpen, "DryRunOperationException"), (status.State, status.Reason, status.AwsCode));
            Assert.Contains(Machine.KeyArn, status.Detail, StringComparison.Ordinal);
            await Machine.SetPolicyAsync(Machine.KeyArn, Machine.ClosedPolicy(Machine.Measurement));
            Assert.Equal(State.Ready, (await restarted.ConfigureAsync(row)).State);
        }
        finally
        {
            await Machine.SetPolicyAsync(Machine.KeyArn, Machine.ClosedPolicy(Machine.Measurement));
        }
    }

    [Fact]
    public async Task K37_powerless_credentials_pushed_before_the_probe_do_not_take_the_strong_ones_place()
    {
        var row = await (await StartAsync()).BeginAsync();
        try
        {
            // Open to the credentials that come with Configure; not to those pushed while KMS answers.
            await Machine.SetPolicyAsync(Machine.KeyArn, Machine.OpenPolicy("kms:Decrypt"));
            var enclave = await StartAsync();
            using (fixture.Between(async exchange =>
            {
                await enclave.Client.PushCredentialsAsync(TestMachine.Pushed(Machine.Kms.Credentials.Admin));
                return exchange.Answer;
            }))
            {
                var status = await enclave.ConfigureAsync(row);
                Assert.Equal((State.Locked, ErrorCodes.KmsPolicyOpen), (status.State, status.Reason));
            }
        }
        finally
        {
            await Machine.SetPolicyAsync(Machine.KeyArn, Machine.ClosedPolicy(Machine.Measurement));
        }
    }

    [Theory]
    [InlineData(400, "ThrottlingException", ErrorCodes.KmsThrottled)]
    [InlineData(400, "ValidationException", ErrorCodes.KmsResponseInvalid)]
    [InlineData(400, "DisabledException", ErrorCodes.KmsKeyDisabled)]
    [InlineData(200, null, ErrorCodes.KmsResponseInvalid)]
    public async Task A_probe_that_is_neither_denied_nor_allowed_locks_with_its_own_error(int status, string? code, string expected)
    {
        var row = await (await StartAsync()).BeginAsync();
        var enclave = await StartAsync();
        using (fixture.Between(exchange => exchange.Operation == "ReEncrypt" ? (code is null ? new(status, "{}"u8.ToArray()) : KmsAnswers.Fault(status, code)) : exchange.Answer))
        {
            var locked = await enclave.ConfigureAsync(row);
            Assert.Equal((State.Locked, expected), (locked.State, locked.Reason));
        }
    }

    private Task<TestEnclave> StartAsync() => Machine.StartEnclaveAsync(change: configuration => configuration with { Mode = EnclaveMode.Production });
}
