using System.Text.Json;
using KeyMeld.DevKit.Kms.Authentication;
using KeyMeld.IntegrationTests.Support;
using Microsoft.Data.Sqlite;

namespace KeyMeld.IntegrationTests.Cli;

/// <summary><c>keymeld kms policy|lint|doctor</c> and <c>keymeld enclave</c>, as an operator runs them, against the development stack.</summary>
public sealed class KmsCommandTests(StackFixture fixture)
{
    private const string Zero = "000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000";

    private readonly string _home = StackFixture.NewFolder("kms");

    private string Release => fixture.Stack.Layout.Release;

    [Fact]
    public async Task The_policy_written_for_the_release_is_the_one_the_key_has_and_is_clean()
    {
        var policy = Path.Combine(_home, "policy.json");
        (await KmsAsync("policy", "--release", Release, "--role", fixture.Stack.EnclaveRole, "--admin", fixture.Stack.Administrator, "--out", policy)).Succeeds();
        using var kms = fixture.Stack.OpenKms();
        Assert.Equal(await kms.GetPolicyAsync(fixture.Stack.KmsKeyArn, TestContext.Current.CancellationToken), await File.ReadAllTextAsync(policy, TestContext.Current.CancellationToken));
        Assert.Contains("exactly the releases given", (await KmsAsync("lint", policy, "--release", Release)).Succeeds().Output, StringComparison.Ordinal);

        var role = (await KmsAsync("policy", "--release", Release, "--role", fixture.Stack.EnclaveRole, "--admin", fixture.Stack.Administrator, "--iam")).Succeeds().Output;
        await File.WriteAllTextAsync(policy, role, TestContext.Current.CancellationToken);
        (await KmsAsync("lint", policy)).Succeeds();
    }

    [Fact]
    public async Task Weaknesses_are_printed_with_their_codes_and_end_the_command_with_1()
    {
        var policy = Path.Combine(_home, "open.json");
        await File.WriteAllTextAsync(policy, """
            {"Version": "2012-10-17", "Statement": {"Sid": "Enable IAM User Permissions", "Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:root"}, "Action": "kms:*", "Resource": "*"}}
            """, TestContext.Current.CancellationToken);
        var run = await KmsAsync("lint", policy, "--json");
        Assert.Equal(1, run.ExitCode);
        using var output = JsonDocument.Parse(run.Output);
        var codes = output.RootElement.GetProperty("findings").EnumerateArray().Select(finding => finding.GetProperty("code").GetString()).ToList();
        Assert.Contains("root_delegation", codes);
        Assert.Contains("unattested_use", codes);
        Assert.NotEqual(0, (await KmsAsync("lint", Path.Combine(_home, "missing.json"))).ExitCode);
    }

    [Fact]
    public async Task Zero_registers_aliases_wildcards_and_wrong_arns_are_refused()
    {
        var zero = Path.Combine(_home, "zero.json");
        var genuine = await File.ReadAllTextAsync(Release, TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(zero, genuine.Replace(fixture.Stack.Measurement.Pcr1, Zero, StringComparison.Ordinal), TestContext.Current.CancellationToken);
        var alias = Path.Combine(_home, "alias.json");
        await File.WriteAllTextAsync(alias, genuine.Replace(fixture.Stack.KmsKeyArn, "alias/keymeld", StringComparison.Ordinal), TestContext.Current.CancellationToken);
        var (role, admin) = (fixture.Stack.EnclaveRole, fixture.Stack.Administrator);

        Assert.NotEqual(0, (await KmsAsync("policy", "--release", zero, "--role", role, "--admin", admin)).ExitCode);
        Assert.NotEqual(0, (await KmsAsync("policy", "--release", alias, "--role", role, "--admin", admin)).ExitCode);
        (await KmsAsync("policy", "--release", Release, "--role", role, "--admin", admin, "--key", "alias/keymeld")).FailsWith("bad_request");
        (await KmsAsync("policy", "--release", Release, "--role", "arn:aws:iam::000000000000:role/*", "--admin", admin)).FailsWith("bad_request");
        (await KmsAsync("policy", "--release", Release, "--role", role, "--admin", "arn:aws:iam::000000000000:root")).FailsWith("bad_request");
        (await KmsAsync("policy", "--release", Release, "--role", role, "--admin", role)).FailsWith("bad_request");
    }

    [Fact]
    public async Task The_doctor_finds_nothing_wrong_with_a_stack_that_works()
    {
        var run = (await DoctorAsync(fixture.Stack.Layout.GatewayConfiguration, "--release", Release)).Succeeds();
        var checks = Checks(run);
        Assert.Equal(["configuration", "credentials", "reachability", "key state", "policy", "attestation", "attestation", "attestation", "sealed rows", "sealed rows", "sealed rows"],
            checks.Select(check => check.Check));
        Assert.All(checks, check => Assert.Equal("ok", check.Result));
    }

    [Fact]
    public async Task The_doctor_names_each_cause_and_what_to_do()
    {
        var configuration = await File.ReadAllTextAsync(fixture.Stack.Layout.GatewayConfiguration, TestContext.Current.CancellationToken);

        var misspelt = Checks(await DoctorAsync(await CopyAsync(configuration.Replace("key_id", "key_ids", StringComparison.Ordinal))));
        Assert.Equal(("configuration", "WRONG"), (misspelt[0].Check, misspelt[0].Result));
        Assert.All(misspelt.Where(check => check.Check != "configuration"), check => Assert.Equal("skipped", check.Result));

        var away = Checks(await DoctorAsync(await CopyAsync(configuration.Replace($":{fixture.Stack.KmsEndpoint.Port}\"", ":1\"", StringComparison.Ordinal))));
        Assert.Equal("WRONG", Single(away, "reachability"));
        Assert.Equal("skipped", Single(away, "key state"));
        Assert.Equal("skipped", Single(away, "policy"));

        var other = Path.Combine(_home, "other.json");
        await File.WriteAllTextAsync(other, (await File.ReadAllTextAsync(Release, TestContext.Current.CancellationToken)).Replace(fixture.Stack.Measurement.Pcr2, new string('e', 96), StringComparison.Ordinal),
            TestContext.Current.CancellationToken);
        var unknown = await DoctorAsync(fixture.Stack.Layout.GatewayConfiguration, "--release", other);
        Assert.Equal(1, unknown.ExitCode);
        Assert.Contains("unknown_release", unknown.Output, StringComparison.Ordinal);
        Assert.Contains(Checks(unknown), check => check is { Check: "attestation", Result: "WRONG" });

        var database = Path.Combine(_home, "copy.db");
        await CopyDatabaseAsync(database, "DELETE FROM enclave_master_keys WHERE enclave_id = 1; UPDATE enclave_master_keys SET kms_key_id = 'arn:aws:kms:us-west-2:000000000000:key/other' WHERE enclave_id = 2");
        var rows = await DoctorAsync(await CopyAsync(configuration.Replace(fixture.Stack.Layout.Database, database, StringComparison.Ordinal)));
        Assert.Equal(["ok", "WRONG", "WRONG"], Checks(rows).Where(check => check.Check == "sealed rows").Select(check => check.Result));
    }

    [Fact]
    public async Task The_doctor_takes_the_administrators_credentials_from_the_environment_too()
    {
        var credentials = KmsCredentials.Load(fixture.Stack.Layout.DevKit);
        var run = await CliRun.OfAsync(_home, new Dictionary<string, string> { ["AWS_ACCESS_KEY_ID"] = credentials.Admin.AccessKeyId, ["AWS_SECRET_ACCESS_KEY"] = "wrong" },
            "kms", "doctor", "--config", fixture.Stack.Layout.GatewayConfiguration, "--json");
        Assert.Equal(1, run.ExitCode);
        Assert.Equal("WRONG", Single(Checks(run), "key state"));
        Assert.DoesNotContain(credentials.Admin.SecretAccessKey, run.Output + run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Changes_of_keys_need_the_operators_token_and_never_send_it_in_the_clear()
    {
        var gateway = fixture.Stack.Gateway.ToString();
        var wrong = Path.Combine(_home, "wrong.token");
        await File.WriteAllTextAsync(wrong, "not-the-token\n", TestContext.Current.CancellationToken);
        (await CliRun.OfAsync(_home, "enclave", "rotate", "--enclave", "0", "--gateway", gateway)).FailsWith("unauthorized");
        (await CliRun.OfAsync(_home, "enclave", "rotate", "--enclave", "0", "--gateway", gateway, "--operator-token", wrong)).FailsWith("unauthorized");
        (await CliRun.OfAsync(_home, "enclave", "rotate", "--enclave", "0", "--gateway", "http://192.0.2.1", "--operator-token", wrong)).FailsWith("gateway_insecure");
        (await CliRun.OfAsync(_home, "enclave", "genesis", "--enclave", "0", "--gateway", gateway, "--operator-token", fixture.Stack.Layout.OperatorToken)).FailsWith("sealed_key_exists");
        (await CliRun.OfAsync(_home, "enclave", "rotate", "--enclave", "99", "--gateway", gateway, "--operator-token", fixture.Stack.Layout.OperatorToken)).FailsWith("not_found");

        var dry = (await CliRun.OfAsync(_home, "enclave", "rotate", "--enclave", "0", "--dry-run", "--gateway", gateway, "--operator-token", fixture.Stack.Layout.OperatorToken)).Succeeds();
        Assert.Contains("nothing was written", dry.Output, StringComparison.Ordinal);
    }

    private Task<CliRun> KmsAsync(params string[] arguments) => CliRun.OfAsync(_home, ["kms", .. arguments]);

    private Task<CliRun> DoctorAsync(string configuration, params string[] more) => KmsAsync(
        ["doctor", "--config", configuration, "--emulator", fixture.Stack.Layout.Data, "--insecure-development", fixture.Stack.Layout.RootCertificate, "--gateway", fixture.Stack.Gateway.ToString(), "--json", .. more]);

    private async Task<string> CopyAsync(string configuration)
    {
        var path = Path.Combine(_home, $"{Guid.CreateVersion7():n}.yaml");
        await File.WriteAllTextAsync(path, configuration, TestContext.Current.CancellationToken);
        return path;
    }

    private async Task CopyDatabaseAsync(string target, string sql)
    {
        await using var source = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = fixture.Stack.Layout.Database, Mode = SqliteOpenMode.ReadOnly, Pooling = false }.ToString());
        await source.OpenAsync(TestContext.Current.CancellationToken);
        await using var copy = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = target, Pooling = false }.ToString());
        await copy.OpenAsync(TestContext.Current.CancellationToken);
        source.BackupDatabase(copy);
        await using var command = copy.CreateCommand();
#pragma warning disable CA2100 // constants of this file
        command.CommandText = sql;
#pragma warning restore CA2100
        await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
    }

    private static List<(string Check, string Result)> Checks(CliRun run)
    {
        using var output = JsonDocument.Parse(run.Output);
        return [.. output.RootElement.GetProperty("checks").EnumerateArray().Select(check => (check.GetProperty("check").GetString()!, check.GetProperty("result").GetString()!))];
    }

    private static string Single(List<(string Check, string Result)> checks, string name) => checks.Single(check => check.Check == name).Result;
}
