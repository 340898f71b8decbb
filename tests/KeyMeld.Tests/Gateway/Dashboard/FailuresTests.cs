using System.Text.Json;
using KeyMeld.Protocol.Errors;
using KeyMeld.Tests.Gateway.Support;
using KeyMeld.Tests.Support;

namespace KeyMeld.Tests.Gateway.Dashboard;

/// <summary>An operator sees which signings and groups failed, at whichever gateway of the database that was.</summary>
public sealed class FailuresTests(PostgresFixture fixture)
{
    [Fact]
    public async Task A_signing_that_failed_is_named_with_its_group_also_by_other_gateways_and_after_a_restart()
    {
        var (server, database) = await fixture.NewDatabaseAsync();
        await using var gateway = await TestGateway.StartAsync(overrides: OperatorCalls.Settings(), storage: PostgresFixture.StorageOf(server, database));
        await using var other = await gateway.StartAnotherAsync();
        var group = await TestGroup.FormAsync(gateway);
        var signing = new TestSigning(group);
        gateway.Enclaves[1].FailFirst("Open", 1, ErrorCodes.ItemsInvalid);
        Assert.Equal("failed", (await signing.SignAsync()).State);

        var own = await LineAsync(gateway);
        Assert.Equal((ErrorCodes.ItemsInvalid, "round1", 1), (own.GetProperty("code").GetString(), own.GetProperty("step").GetString(), own.GetProperty("enclave").GetInt32()));
        IsNamed(own, signing);
        // The other gateway did not drive it, and neither has the one that is started anew.
        var others = await LineAsync(other);
        IsNamed(others, signing);
        Assert.False(others.TryGetProperty("step", out _));
        await gateway.StopGatewayAsync();
        await gateway.StartGatewayAsync();
        IsNamed(await LineAsync(gateway), signing);
        Assert.True((await gateway.OverviewAsync()).GetProperty("gateway").GetProperty("shared").GetBoolean());
    }

    [Fact]
    public async Task A_group_that_did_not_form_is_named()
    {
        await using var gateway = await TestGateway.StartAsync(overrides: OperatorCalls.Settings());
        var group = TestGroup.Make(gateway);
        gateway.Enclaves[0].FailFirst("LoadGroup", 1, ErrorCodes.RegistrationInvalid);
        await group.CreateAsync();
        await group.JoinAsync(0);
        await group.JoinAsync(1, prefer: "wait=30");

        var line = await LineAsync(gateway, "group");

        var failed = Assert.Single(line.GetProperty("failed").EnumerateArray());
        Assert.Equal(group.Hash.ToString(), failed.GetProperty("group").GetString());
        Assert.False(failed.TryGetProperty("signing", out _));
        Assert.False((await gateway.OverviewAsync()).GetProperty("gateway").GetProperty("shared").GetBoolean());
    }

    private static void IsNamed(JsonElement line, TestSigning signing)
    {
        var failed = Assert.Single(line.GetProperty("failed").EnumerateArray());
        Assert.Equal((signing.Digest.ToString(), signing.Group.Hash.ToString()), (failed.GetProperty("signing").GetString(), failed.GetProperty("group").GetString()));
    }

    private static async Task<JsonElement> LineAsync(TestGateway gateway, string of = "signing")
    {
        var overview = await gateway.OverviewAsync(now => now.GetProperty("failures").EnumerateArray().Any(line => line.GetProperty("of").GetString() == of));
        return overview.GetProperty("failures").EnumerateArray().First(line => line.GetProperty("of").GetString() == of);
    }
}
