using System.Net;
using System.Text;
using System.Text.Json;
using KeyMeld.Gateway.Operations;
using KeyMeld.Gateway.Storage.Sqlite;
using KeyMeld.Gateway.Telemetry.History;
using KeyMeld.Protocol.Errors;
using KeyMeld.Protocol.Statements;
using KeyMeld.Tests.Attestation.Mock;
using KeyMeld.Tests.Gateway.Dashboard;
using KeyMeld.Tests.Gateway.Support;
using KeyMeld.Tests.Gateway.Telemetry;

namespace KeyMeld.Tests.Gateway.Operations;

/// <summary>Health says what can be signed: for everybody, for some, for nobody.</summary>
public class ReadinessTests
{
    private const string Ready = "/api/v1/health/ready";
    private const string Whole = "/api/v1/health/whole";

    [Fact]
    public async Task With_every_enclave_it_is_ready_without_one_degraded_and_says_which_and_without_any_it_is_not()
    {
        await using var gateway = await TestGateway.StartAsync(enclaves: 2, overrides: OperatorCalls.Settings());
        Assert.Equal("""{"status":"ready"}""", await TextAsync(gateway, Ready));
        Assert.Equal("""{"status":"ready"}""", await TextAsync(gateway, Whole));
        Assert.Equal(("ready", 0), await DetailAsync(gateway));

        await gateway.Enclaves[1].CrashAsync();
        await Eventually.TrueAsync(() => !gateway.Parts.Fleet.Get(1).View.IsReady);
        Assert.Equal("""{"status":"degraded","missing":[{"enclave":1,"reason":"enclave_unreachable"}]}""", await TextAsync(gateway, Ready));
        await IsRefusedAsync(gateway, Whole, "1 (enclave_unreachable)");
        Assert.Equal(("degraded", 1), await DetailAsync(gateway));
        // What it says is true: a group of the enclave that is there is signed for.
        var group = await TestGroup.FormAsync(gateway, change: OnlyOn0);
        Assert.Equal("completed", (await new TestSigning(group).SignAsync()).State);

        await gateway.Enclaves[0].CrashAsync();
        await Eventually.TrueAsync(() => !gateway.Parts.Fleet.Get(0).View.IsReady);
        await IsRefusedAsync(gateway, Ready, "0 (enclave_unreachable), 1 (enclave_unreachable)");
        await IsRefusedAsync(gateway, Whole, "0 (enclave_unreachable), 1 (enclave_unreachable)");
        Assert.Equal(("unavailable", 2), await DetailAsync(gateway));
        // Whoever asks how it is makes no failure of it.
        Assert.DoesNotContain(gateway.Parts.Telemetry.Failures.Read(), failure => failure.Of == FailureOf.Call);

        await gateway.Enclaves[0].RestartAsync();
        await gateway.Enclaves[1].RestartAsync();
        await gateway.WhenReadyAsync();
        Assert.Equal("""{"status":"ready"}""", await TextAsync(gateway, Whole));

        Manifest OnlyOn0(Manifest manifest) => manifest with
        {
            Enclaves = [gateway.Enclaves[0].Keys],
            Participants = [.. manifest.Participants.Select(participant => participant with { Enclave = 0 })],
        };
    }

    [Fact]
    public async Task A_locked_enclave_is_missing_with_its_reason()
    {
        await using var gateway = await TestGateway.StartAsync(
            enclaves: 2, ready: false, overrides: OperatorCalls.Settings(), prepare: enclave => enclave.Configuration.KmsKeyId = enclave.Id == 1 ? "alias/another" : enclave.Configuration.KmsKeyId);
        await gateway.Parts.Fleet.Get(0).WhenReadyAsync(TestContext.Current.CancellationToken);
        await Eventually.TrueAsync(() => gateway.Parts.Fleet.Get(1).View.Condition.Reason == ErrorCodes.KmsConfigMismatch);

        Assert.Equal("""{"status":"degraded","missing":[{"enclave":1,"reason":"kms_config_mismatch"}]}""", await TextAsync(gateway, Ready));
    }

    [Fact]
    public async Task An_enclave_whose_key_is_in_the_database_and_that_the_configuration_forgot_is_missing()
    {
        var forgotten = false;
        await using var gateway = await TestGateway.StartAsync(
            enclaves: 2, overrides: OperatorCalls.Settings(), adjust: settings => forgotten ? settings with { Enclaves = [.. settings.Enclaves.Where(enclave => enclave.Id == 0)] } : settings);
        await gateway.StopGatewayAsync();
        forgotten = true;
        await gateway.StartGatewayAsync();
        await gateway.Parts.Fleet.Get(0).WhenReadyAsync(TestContext.Current.CancellationToken);

        Assert.Equal("""{"status":"degraded","missing":[{"enclave":1,"reason":"enclave_mismatch"}]}""", await TextAsync(gateway, Ready));
    }

    [Fact]
    public async Task An_enclave_that_cannot_prove_what_it_is_is_no_reason_to_stop_but_is_said()
    {
        var folder = Directory.CreateTempSubdirectory("keymeld-");
        var root = Path.Combine(folder.FullName, "root.pem");
        await File.WriteAllTextAsync(root, MockNitro.Right.Root.Certificate.ExportCertificatePem(), TestContext.Current.CancellationToken);
        // A fake enclave attests with bytes that are no document.
        await using var gateway = await TestGateway.StartAsync(enclaves: 1, overrides: OperatorCalls.Settings(("KEYMELD__ATTESTATION__DEVELOPMENT_ROOT", root)));

        await Eventually.TrueAsync(async () => await TextAsync(gateway, Ready) == """{"status":"degraded","missing":[{"enclave":0,"reason":"attestation_invalid"}]}""");
        await IsRefusedAsync(gateway, Whole, "0 (attestation_invalid)");
        using var readings = new Readings(gateway.Parts.Telemetry.Meter.Meter);
        Assert.Equal((1, 1), (readings.Sum("keymeld.enclave.attestation", ("verdict", "refused")), readings.Sum("keymeld.enclave.attestation")));
        folder.Delete(recursive: true);
    }

    [Fact]
    public async Task Without_a_database_nothing_is_signed_and_the_detail_still_says_how_the_enclaves_are()
    {
        await using var gateway = await TestGateway.StartAsync(enclaves: 1, overrides: OperatorCalls.Settings());
        using (var session = SqliteDatabase.OpenSession(gateway.Database, Microsoft.Data.Sqlite.SqliteOpenMode.ReadWrite))
        {
            session.Script("ALTER TABLE enclave_master_keys RENAME TO elsewhere");
        }

        (await gateway.GetAsync(Ready)).IsProblem(HttpStatusCode.ServiceUnavailable, ErrorCodes.StorageFailed);
        (await gateway.GetAsync(Whole)).IsProblem(HttpStatusCode.ServiceUnavailable, ErrorCodes.StorageFailed);
        var detail = (await gateway.AskAsync("/api/v1/health/detail")).Read(GatewayJson.Default.HealthDetailJson);
        Assert.Equal(("unavailable", false, "ready"), (detail.Status, detail.Gateway.DatabaseAnswers, detail.Enclaves[0].State));
        Assert.Equal(HttpStatusCode.OK, (await gateway.GetAsync("/api/v1/health/live")).Status);
    }

    [Fact]
    public async Task Health_takes_no_query()
    {
        await using var gateway = await TestGateway.StartAsync(enclaves: 1, overrides: OperatorCalls.Settings());
        foreach (var path in (string[])["live", "ready", "whole"])
        {
            (await gateway.GetAsync($"/api/v1/health/{path}?a=b")).IsProblem(HttpStatusCode.BadRequest, ErrorCodes.BadRequest);
        }
        (await gateway.AskAsync("/api/v1/health/detail?a=b")).IsProblem(HttpStatusCode.BadRequest, ErrorCodes.BadRequest);
    }

    private static async Task<string> TextAsync(TestGateway gateway, string path)
    {
        var answer = await gateway.GetAsync(path);
        Assert.Equal(HttpStatusCode.OK, answer.Status);
        return Encoding.UTF8.GetString(answer.Body);
    }

    private static async Task IsRefusedAsync(TestGateway gateway, string path, string names)
    {
        var answer = await gateway.GetAsync(path);
        answer.IsProblem(HttpStatusCode.ServiceUnavailable, ErrorCodes.Unavailable);
        Assert.Contains(names, JsonDocument.Parse(answer.Body).RootElement.GetProperty("detail").GetString(), StringComparison.Ordinal);
    }

    private static async Task<(string Status, int Missing)> DetailAsync(TestGateway gateway)
    {
        var detail = (await gateway.AskAsync("/api/v1/health/detail")).Read(GatewayJson.Default.HealthDetailJson);
        Assert.True(detail.Gateway.DatabaseAnswers);
        return (detail.Status, detail.Missing.Count);
    }
}
