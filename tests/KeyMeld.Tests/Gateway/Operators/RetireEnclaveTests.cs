using System.Net;
using System.Text;
using KeyMeld.Gateway.Dashboard;
using KeyMeld.Gateway.Operations;
using KeyMeld.Protocol.Errors;
using KeyMeld.Protocol.Statements;
using KeyMeld.Tests.Gateway.Dashboard;
using KeyMeld.Tests.Gateway.Support;
using KeyMeld.Tests.Support;

namespace KeyMeld.Tests.Gateway.Operators;

/// <summary>An enclave that is gone for good: only an operator's word takes it out of what is missing, not over somebody's keys, and it can be taken back.</summary>
public sealed class RetireEnclaveTests(PostgresFixture fixture)
{
    private const string Path = "/api/v1/operator/enclaves/1/retire";
    private const string Missing = """{"status":"degraded","missing":[{"enclave":1,"reason":"enclave_mismatch"}]}""";
    private const string Retired = """{"status":"ready","retired":[1]}""";

    private bool _isGone;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task One_that_nothing_is_sealed_to_is_retired_and_missing_again_when_that_is_taken_back(bool postgres)
    {
        await using var gateway = await StartAsync(postgres);
        (await OrderAsync(gateway, "{}")).IsProblem(HttpStatusCode.Conflict, ErrorCodes.EnclaveInUse);
        await GoAsync(gateway);
        Assert.Equal(Missing, await HealthAsync(gateway, "ready"));
        var rows = (await gateway.Parts.SealedKeys.ReadAsync(1)).Rows;

        var dry = await ReadAsync(gateway, """{"dry_run":true}""");
        Assert.Equal((true, false, null, 0L, 0L), (dry.DryRun, dry.Retired, dry.At, dry.Groups!.Count, dry.Keys!.Count));
        Assert.Equal(Missing, await HealthAsync(gateway, "ready"));

        var done = await ReadAsync(gateway, "{}");
        Assert.True(done.Retired && done.At > 0);
        // Again: it stays as it was noted first.
        Assert.Equal(done.At, (await ReadAsync(gateway, "{}")).At);
        Assert.Equal((Retired, Retired), (await HealthAsync(gateway, "ready"), await HealthAsync(gateway, "whole")));
        var detail = (await gateway.AskAsync("/api/v1/health/detail")).Read(GatewayJson.Default.HealthDetailJson);
        Assert.Equal(("ready", new RetiredEnclaveJson(1, done.At!.Value)), (detail.Status, detail.Retired.Single()));
        var overview = (await gateway.AskAsync("/api/v1/operator/overview")).Read(DashboardJson.Default.OverviewJson);
        Assert.Equal(detail.Retired, overview.Gateway!.Retired);
        Assert.Equal(rows, (await gateway.Parts.SealedKeys.ReadAsync(1)).Rows);

        Assert.False((await ReadAsync(gateway, """{"undo":true}""")).Retired);
        Assert.False((await ReadAsync(gateway, """{"undo":true}""")).Retired);
        Assert.Equal(Missing, await HealthAsync(gateway, "ready"));
        Assert.Equal(rows, (await gateway.Parts.SealedKeys.ReadAsync(1)).Rows);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task What_is_sealed_to_it_is_listed_and_given_up_only_where_that_is_said(bool postgres)
    {
        await using var gateway = await StartAsync(postgres);
        var formed = await TestGroup.FormAsync(gateway);
        var joining = TestGroup.Make(gateway);
        await joining.CreateAsync();
        var elsewhere = await TestGroup.FormAsync(gateway, change: manifest => manifest with
        {
            Enclaves = [gateway.Enclaves[0].Keys],
            Participants = [.. manifest.Participants.Select(participant => participant with { Enclave = 0 })],
        });
        await GoAsync(gateway);

        (await OrderAsync(gateway, "{}")).IsProblem(HttpStatusCode.Conflict, ErrorCodes.EnclaveInUse);
        Assert.Equal(Missing, await HealthAsync(gateway, "ready"));
        var dry = await ReadAsync(gateway, """{"dry_run":true,"lose":true}""");
        Assert.Equal([.. new[] { formed.Hash, joining.Hash }.OrderBy(hash => hash.ToString(), StringComparer.Ordinal)], dry.Groups!.First);
        Assert.Equal((false, 2L, 0L), (dry.Retired, dry.Groups.Count, dry.Keys!.Count));

        Assert.True((await ReadAsync(gateway, """{"lose":true}""")).Retired);
        Assert.Equal(Retired, await HealthAsync(gateway, "whole"));
        // Nothing of it was deleted, and who has nothing on it goes on.
        Assert.Equal("formed", await formed.StateAsync());
        Assert.Equal("completed", (await new TestSigning(elsewhere).SignAsync()).State);
        // Configured again it is needed again, and the groups sign as before.
        await gateway.StopGatewayAsync();
        _isGone = false;
        await gateway.StartGatewayAsync();
        await gateway.WhenReadyAsync();
        Assert.Equal("""{"status":"ready"}""", await HealthAsync(gateway, "ready"));
        Assert.Equal("completed", (await new TestSigning(formed).SignAsync()).State);
    }

    [Fact]
    public async Task Members_who_erased_their_keys_hold_nothing_up_and_a_key_of_one_owner_does()
    {
        await using var gateway = await StartAsync(postgres: false);
        var group = await TestGroup.FormAsync(gateway);
        var key = new TestKey(gateway, enclave: 1);
        await key.AddAsync();
        var place = group.Manifest.Value.Participants.Select((participant, index) => (participant, index)).Single(found => found.participant.Enclave == 1).index;
        await GoAsync(gateway);
        var before = await ReadAsync(gateway, """{"dry_run":true}""");
        Assert.Equal((1L, 1L), (before.Groups!.Count, before.Keys!.Count));

        var erase = StatementSigner.Sign(new Erase { Manifest = group.Hash, User = group.Manifest.Value.Participants[place].User, Created = 1 }, group.Auths[place]);
        Assert.Equal(HttpStatusCode.OK, (await gateway.PostAsync(group.Path + "/erase", erase.Statement)).Status);
        (await OrderAsync(gateway, "{}")).IsProblem(HttpStatusCode.Conflict, ErrorCodes.EnclaveInUse);
        Assert.Equal(HttpStatusCode.OK, (await key.EraseAsync()).Status);
        Assert.True((await ReadAsync(gateway, "{}")).Retired);
    }

    [Theory]
    [InlineData("""{"undo":true,"lose":true}""")]
    [InlineData("""{"undo":true,"dry_run":true}""")]
    [InlineData("""{"forever":true}""")]
    public async Task What_contradicts_itself_is_refused(string body)
    {
        await using var gateway = await StartAsync(postgres: false);
        await GoAsync(gateway);
        (await OrderAsync(gateway, body)).IsProblem(HttpStatusCode.BadRequest, ErrorCodes.BadRequest);
        (await OrderAsync(gateway, "{}", "/api/v1/operator/enclaves/7/retire")).IsProblem(HttpStatusCode.NotFound, ErrorCodes.NotFound);
        (await OrderAsync(gateway, "{}", "/api/v1/operator/enclaves/01/retire")).IsProblem(HttpStatusCode.NotFound, ErrorCodes.NotFound);
        (await gateway.SendAsync(HttpMethod.Post, Path, "{}"u8.ToArray(), null, null)).IsProblem(HttpStatusCode.Unauthorized, ErrorCodes.Unauthorized);
        Assert.Equal(Missing, await HealthAsync(gateway, "ready"));
    }

    private async Task<TestGateway> StartAsync(bool postgres)
    {
        string? storage = null;
        if (postgres)
        {
            var (server, database) = await fixture.NewDatabaseAsync();
            storage = PostgresFixture.StorageOf(server, database);
        }
        return await TestGateway.StartAsync(
            enclaves: 2, overrides: OperatorCalls.Settings(), storage: storage,
            adjust: settings => _isGone ? settings with { Enclaves = [.. settings.Enclaves.Where(enclave => enclave.Id == 0)] } : settings);
    }

    // Out of the configuration, as an operator takes it.
    private async Task GoAsync(TestGateway gateway)
    {
        await gateway.StopGatewayAsync();
        _isGone = true;
        await gateway.StartGatewayAsync();
        await gateway.Parts.Fleet.Get(0).WhenReadyAsync(TestContext.Current.CancellationToken);
    }

    private static Task<Answer> OrderAsync(TestGateway gateway, string body, string path = Path) =>
        gateway.SendAsync(HttpMethod.Post, path, Encoding.UTF8.GetBytes(body), null, null, OperatorCalls.Authorization);

    private static async Task<RetirementJson> ReadAsync(TestGateway gateway, string body) => (await OrderAsync(gateway, body)).Read(GatewayJson.Default.RetirementJson);

    private static async Task<string> HealthAsync(TestGateway gateway, string what) => Encoding.UTF8.GetString((await gateway.GetAsync($"/api/v1/health/{what}")).Body);
}
