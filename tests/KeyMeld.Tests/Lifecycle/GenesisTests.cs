using KeyMeld.Protocol.Errors;
using KeyMeld.Wire.V1;

namespace KeyMeld.Tests.Lifecycle;

public class GenesisTests
{
    [Fact]
    public async Task In_production_a_first_key_is_made_by_an_operators_command_only()
    {
        await using var operated = await OperatedGateway.StartAsync(production: true);
        Assert.Empty(operated.Rows());
        await operated.RestartAsync();
        await operated.WhenLockedAsync(ErrorCodes.SealedKeyMissing);
        Assert.Empty(operated.Rows());

        var done = await operated.DoAsync("genesis");
        Assert.Equal("ready", done.GetProperty("state").GetString());
        var row = Assert.Single(operated.Rows());
        Assert.Equal((1u, operated.KeyArn), (row.KeyEpoch, row.KmsKeyId));
        Assert.Equal(Convert.ToHexStringLower(row.PublicKey.Span), Assert.Single(done.GetProperty("after").EnumerateArray()).GetProperty("key").GetString());
        Assert.Empty(done.GetProperty("before").EnumerateArray());

        await operated.RestartAsync();
        await operated.WhenReadyAsync();
        Assert.Equal(row.PublicKey, Assert.Single((await operated.StatusAsync()).Keys).Key);
        await operated.RefusesAsync("genesis", ErrorCodes.SealedKeyExists);
        await operated.RefusesAsync("genesis", ErrorCodes.SealedKeyExists, dryRun: true);
    }

    [Fact]
    public async Task A_dry_run_does_everything_with_kms_and_writes_nothing()
    {
        await using var operated = await OperatedGateway.StartAsync(production: true);
        var calls = (await operated.StatusAsync()).Counters.KmsCalls;

        var dry = await operated.DoAsync("genesis", dryRun: true);

        var would = Assert.Single(dry.GetProperty("after").EnumerateArray());
        Assert.Equal((1, operated.KeyArn), (would.GetProperty("epoch").GetInt32(), would.GetProperty("kms_key_id").GetString()));
        Assert.False(would.TryGetProperty("key", out _));
        Assert.Empty(operated.Rows());
        // GenerateDataKey, Decrypt, and the four denials of the policy probe.
        Assert.Equal(calls + 6, (await operated.StatusAsync()).Counters.KmsCalls);
        Assert.Equal(EnclaveStatus.Types.State.Locked, (await operated.StatusAsync()).State);
        Assert.Equal("ready", (await operated.DoAsync("genesis")).GetProperty("state").GetString());
    }

    [Fact]
    public async Task A_dry_run_finds_what_would_stop_the_command()
    {
        await using var operated = await OperatedGateway.StartAsync(production: true);
        await operated.Machine.SetPolicyAsync(operated.KeyArn, operated.Machine.OpenPolicy("kms:Encrypt"));
        await operated.RefusesAsync("genesis", ErrorCodes.KmsPolicyOpen, dryRun: true);
        await operated.RefusesAsync("genesis", ErrorCodes.KmsPolicyOpen);

        await operated.Machine.SetPolicyAsync(operated.KeyArn, operated.Machine.ClosedPolicy(operated.Machine.Measurement));
        Assert.Equal("ready", (await operated.DoAsync("genesis")).GetProperty("state").GetString());
    }

    [Fact]
    public async Task G10_a_lost_row_is_no_reason_for_a_first_key()
    {
        await using var operated = await OperatedGateway.StartAsync(production: true);
        await operated.DoAsync("genesis");
        var row = Assert.Single(operated.Rows());
        await operated.StopGatewayAsync();
        DatabaseFile.Execute(operated.Database, "DELETE FROM enclave_master_keys");
        await operated.StopEnclaveAsync();
        await operated.StartEnclaveAsync();
        await operated.StartGatewayAsync();
        await operated.WhenLockedAsync(ErrorCodes.SealedKeyMissing);

        await operated.RefusesAsync("genesis", ErrorCodes.SealedKeyMissing);
        await operated.RefusesAsync("rotate", ErrorCodes.SealedKeyMissing);
        await operated.RefusesAsync("rewrap", ErrorCodes.SealedKeyMissing);

        await operated.StopGatewayAsync();
        DatabaseFile.Insert(operated.Database, row);
        await operated.StartGatewayAsync();
        await operated.WhenReadyAsync();
        Assert.Equal(row.PublicKey, Assert.Single((await operated.StatusAsync()).Keys).Key);
    }
}
