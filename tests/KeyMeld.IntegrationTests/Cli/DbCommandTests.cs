using System.Text.Json;
using KeyMeld.DevKit.Databases;
using KeyMeld.IntegrationTests.Support;

namespace KeyMeld.IntegrationTests.Cli;

/// <summary><c>keymeld db</c> beside a running stack, into a real PostgreSQL server and back.</summary>
public sealed class DbCommandTests(StackFixture fixture)
{
    [Fact]
    public async Task A_running_gateways_database_is_checked_backed_up_restored_and_copied()
    {
        if (!PostgresServer.IsInstalled)
        {
            Assert.SkipUnless(Environment.GetEnvironmentVariable("CI") == "true", "postgresql is not installed.");
            Assert.Fail("postgresql is not installed; .ci/run installs it.");
        }
        var home = StackFixture.NewFolder("db");
        await using var server = await PostgresServer.StartAsync(["fsync=off"], TestContext.Current.CancellationToken);
        await server.CreateDatabaseAsync("copied", TestContext.Current.CancellationToken);
        await server.CreateDatabaseAsync("restored", TestContext.Current.CancellationToken);
        var live = fixture.Stack.Layout.GatewayConfiguration;
        var (copied, restored) = (Configuration(home, server, "copied"), Configuration(home, server, "restored"));

        var check = (await CliRun.OfAsync(home, "db", "check", "--config", live, "--json")).Succeeds();
        Assert.Equal(("check", "0", "0"), (check.Json("action"), check.Json("problems"), check.Json("behind")));
        Assert.Equal("3", Rows(check, "enclave_master_keys"));
        Assert.Contains("is sound, at schema version", (await CliRun.OfAsync(home, "db", "check", "--config", live)).Succeeds().Output.ReplaceLineEndings(" "), StringComparison.Ordinal);

        var backup = (await CliRun.OfAsync(home, "db", "backup", "today.db", "--config", live, "--json")).Succeeds();
        Assert.Equal(Last(backup, "sha256"), Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(await File.ReadAllBytesAsync(Path.Combine(home, "today.db"), TestContext.Current.CancellationToken))));
        (await CliRun.OfAsync(home, "db", "backup", "today.db", "--config", live)).FailsWith("data_would_be_lost");

        (await CliRun.OfAsync(home, "db", "restore", "today.db", "--config", restored)).Succeeds();
        (await CliRun.OfAsync(home, "db", "restore", "today.db", "--config", restored)).FailsWith("data_would_be_lost");
        (await CliRun.OfAsync(home, "db", "copy", "--config", restored, "--to-config", copied)).Succeeds();
        Assert.Equal("3", Rows((await CliRun.OfAsync(home, "db", "check", "--config", copied, "--json")).Succeeds(), "enclave_master_keys"));

        (await CliRun.OfAsync(home, "db", "migrate", "--config", copied, "--to", "0")).FailsWith("data_would_be_lost");
        Assert.Contains("already", (await CliRun.OfAsync(home, "db", "migrate", "--config", copied)).Succeeds().Output, StringComparison.Ordinal);
        await server.RunSqlAsync("copied", "UPDATE enclave_master_keys SET kms_key_id = '' WHERE enclave_id = 1", TestContext.Current.CancellationToken);
        var broken = await CliRun.OfAsync(home, "db", "check", "--config", copied, "--json");
        Assert.Equal((1, "enclave_master_keys", "1"), (broken.ExitCode, broken.Json("table"), broken.Json("row")));
        (await CliRun.OfAsync(home, "db", "restore", "today.db", "--config", live)).FailsWith("storage_failed");
        await File.WriteAllTextAsync(Path.Combine(home, "today.db"), "no backup", TestContext.Current.CancellationToken);
        (await CliRun.OfAsync(home, "db", "restore", "today.db", "--config", copied)).FailsWith("backup_invalid");
    }

    private static string Last(CliRun run, string member) => JsonDocument.Parse(run.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries)[^1]).RootElement.GetProperty(member).GetString()!;

    private static string Rows(CliRun run, string table) => run.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonDocument.Parse(line).RootElement)
        .Single(line => line.TryGetProperty("table", out var name) && name.GetString() == table && line.TryGetProperty("rows", out _)).GetProperty("rows").GetRawText();

    private static string Configuration(string home, PostgresServer server, string database)
    {
        var file = Path.Combine(home, database + ".yaml");
        File.WriteAllText(file, $$"""
            mode: production
            server: { listen: "http://127.0.0.1:0", public_url: "https://keymeld.example.com" }
            storage: { kind: postgres, host: "{{server.SocketFolder}}", port: {{server.Port}}, database: {{database}}, user: {{server.User}}, password_file: "{{server.PasswordFile}}" }
            kms: { enabled: true, endpoint_url: null, key_id: "arn:aws:kms:us-west-2:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab", enable_attestation: true }
            enclaves: [ { id: 0, address: "vsock:16:5000" } ]
            """);
        return file;
    }
}
