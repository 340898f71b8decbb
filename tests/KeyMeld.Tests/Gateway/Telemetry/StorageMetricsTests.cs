using System.Collections;
using KeyMeld.Gateway.Storage;
using KeyMeld.Gateway.Storage.Maintenance;
using KeyMeld.Gateway.Storage.Sqlite;
using KeyMeld.Protocol.Errors;
using KeyMeld.Tests.Gateway.Support;
using KeyMeld.Tests.Support;

namespace KeyMeld.Tests.Gateway.Telemetry;

/// <summary>What the gateway says of its database: how long it takes to answer, and how old its newest backup is. On both kinds.</summary>
public sealed class StorageMetricsTests(PostgresFixture fixture) : IDisposable
{
    private const string Duration = "keymeld.storage.duration";
    private const string Age = "keymeld.backup.age";
    private static readonly string[] Stores = ["groups", "signings", "sealed_keys", "keys", "replay", "overview", "rounds"];

    private readonly string _folder = Directory.CreateTempSubdirectory("keymeld-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("sqlite")]
    [InlineData("postgres")]
    public async Task Every_question_to_the_database_is_timed_by_what_it_is_about(string kind)
    {
        await using var gateway = await StartAsync(kind, TimeProvider.System);
        using var readings = new Readings(gateway.Parts.Telemetry.Meter.Meter);
        var group = await TestGroup.FormAsync(gateway, members: 2);
        await new TestSigning(group).SignAsync();
        await gateway.Parts.Backups.LookAsync();

        var told = readings.Read().Where(reading => reading.Name == Duration).ToList();

        Assert.All((string[])["groups read", "groups write", "signings read", "signings write", "replay write", "overview read"],
            what => Assert.Contains(told, reading => $"{reading.Labels["store"]} {reading.Labels["kind"]}" == what));
        Assert.All(told, reading => Assert.Equal(["kind", "result", "store"], reading.Labels.Keys.Order()));
        Assert.All(told, reading => Assert.Contains(reading.Labels["store"], Stores));
        Assert.All(told, reading => Assert.Equal("ok", reading.Labels["result"]));
        Assert.All(told, reading => Assert.InRange(reading.Value, double.Epsilon, 100));
    }

    [Fact]
    public async Task What_the_database_does_not_take_is_counted_as_failed()
    {
        await using var gateway = await TestGateway.StartAsync(enclaves: 1);
        using var readings = new Readings(gateway.Parts.Telemetry.Meter.Meter);
        using (var session = SqliteDatabase.OpenSession(gateway.Database, Microsoft.Data.Sqlite.SqliteOpenMode.ReadWrite))
        {
            session.Script("ALTER TABLE groups RENAME TO elsewhere");
        }

        Assert.Equal(ErrorCodes.StorageFailed, (await Assert.ThrowsAsync<KeyMeldException>(async () => await gateway.Parts.GroupStore.FindByRosterAsync(default))).Code);
        Assert.Equal(ErrorCodes.StorageFailed, (await Assert.ThrowsAsync<KeyMeldException>(() => gateway.Parts.GroupStore.CloseAsync(default, GroupState.Expired, null))).Code);

        Assert.Equal(["groups read", "groups write"], readings.Read().Where(reading => reading.Name == Duration && reading.Labels["result"] == "failed")
            .Select(reading => $"{reading.Labels["store"]} {reading.Labels["kind"]}").Distinct().Order());
    }

    [Theory]
    [InlineData("sqlite")]
    [InlineData("postgres")]
    public async Task A_backup_beside_running_gateways_makes_its_age_known_to_all_of_them_and_after_a_restart(string kind)
    {
        var time = new SteppedTime();
        await using var gateway = await StartAsync(kind, time);
        time.Step(TimeSpan.FromDays(3));
        Assert.InRange(await AgeAsync(gateway), Days(3), Days(3) + 100);

        Assert.Contains("\"noted\":true", await BackupAsync(gateway, time), StringComparison.Ordinal);
        Assert.InRange(await AgeAsync(gateway), 0, 100);
        time.Step(TimeSpan.FromDays(2));
        Assert.InRange(await AgeAsync(gateway), Days(2), Days(2) + 100);

        if (kind == "postgres")
        {
            await using var another = await gateway.StartAnotherAsync(time);
            Assert.InRange(await AgeAsync(another), Days(2), Days(2) + 100);
        }
        await gateway.StopGatewayAsync();
        await gateway.StartGatewayAsync();
        Assert.InRange(await AgeAsync(gateway), Days(2), Days(2) + 100);
    }

    [Fact]
    public async Task A_backup_of_an_older_moment_does_not_make_the_newest_one_older()
    {
        await using var database = new SqliteRowDatabase(Path.Combine(_folder, "keymeld.db"), TimeProvider.System);
        await database.MigrateAsync(SqliteMigrator.All.Count, dryRun: false);

        foreach (var (made, newest) in ((long, long)[])[(1000, 1000), (3000, 3000), (2000, 3000)])
        {
            Assert.True(await database.NoteBackupAsync(made));
            using var session = SqliteDatabase.OpenSession(Path.Combine(_folder, "keymeld.db"), Microsoft.Data.Sqlite.SqliteOpenMode.ReadWrite);
            Assert.Equal([newest], session.All("SELECT made_ms FROM last_backup", row => row.GetInt64(0)));
        }
    }

    [Fact]
    public async Task A_database_of_an_older_schema_is_backed_up_and_the_command_says_that_no_gateway_hears_of_it()
    {
        await using (var database = new SqliteRowDatabase(Path.Combine(_folder, "keymeld.db"), TimeProvider.System))
        {
            await database.MigrateAsync(BackupNote.Since - 1, dryRun: false);
            await using var session = await database.WriteAsync();
        }

        Assert.Contains("\"noted\":false", await RunAsync($"{{ kind: sqlite, path: \"{Path.Combine(_folder, "keymeld.db")}\" }}", TimeProvider.System), StringComparison.Ordinal);
        Assert.True(File.Exists(Path.Combine(_folder, "backup.db")));
    }

    [Fact]
    public async Task A_backup_whose_note_the_database_does_not_take_is_whole_and_the_command_says_so()
    {
        await using var gateway = await TestGateway.StartAsync(enclaves: 1);
        using (var session = SqliteDatabase.OpenSession(gateway.Database, Microsoft.Data.Sqlite.SqliteOpenMode.ReadWrite))
        {
            session.Script("CREATE TRIGGER full BEFORE INSERT ON last_backup BEGIN SELECT RAISE(ABORT, 'no room'); END");
        }

        var refusal = await Assert.ThrowsAsync<KeyMeldException>(() => BackupAsync(gateway, TimeProvider.System));

        Assert.Equal(ErrorCodes.StorageFailed, refusal.Code);
        Assert.Contains("is whole, but the database did not take the note", refusal.Message, StringComparison.Ordinal);
        await using var backup = await BackupFile.OpenAsync(Path.Combine(_folder, "backup.db"), TimeProvider.System);
        Assert.Null(gateway.Parts.Backups.Facts!.Last);
    }

    private static double Days(int days) => TimeSpan.FromDays(days).TotalSeconds;

    private static async Task<double> AgeAsync(TestGateway gateway)
    {
        await gateway.Parts.Backups.LookAsync();
        using var readings = new Readings(gateway.Parts.Telemetry.Meter.Meter);
        return readings.Read().Single(reading => reading.Name == Age).Value;
    }

    private async Task<TestGateway> StartAsync(string kind, TimeProvider time)
    {
        if (kind == "sqlite")
        {
            return await TestGateway.StartAsync(time: time);
        }
        var (server, database) = await fixture.NewDatabaseAsync();
        return await TestGateway.StartAsync(time: time, storage: PostgresFixture.StorageOf(server, database));
    }

    private Task<string> BackupAsync(TestGateway gateway, TimeProvider time) => RunAsync(gateway.Storage ?? $"{{ kind: sqlite, path: \"{gateway.Database}\" }}", time);

    // As `KeyMeld.Gateway db backup` does it.
    private async Task<string> RunAsync(string storage, TimeProvider time)
    {
        var config = Path.Combine(_folder, "gateway.yaml");
        await File.WriteAllTextAsync(config, $$"""
            mode: development
            server: { listen: "http://127.0.0.1:0", public_url: "http://127.0.0.1:8090" }
            storage: {{storage}}
            kms: { enabled: true, endpoint_url: "http://localhost:4566", key_id: "alias/keymeld", enable_attestation: false }
            enclaves: [ { id: 0, address: "unix:/run/nobody" } ]
            """, TestContext.Current.CancellationToken);
        using var output = new StringWriter();
        Assert.Equal(0, await DbProgram.RunAsync(new DbArguments("backup", config) { File = Path.Combine(_folder, "backup.db") }, new Hashtable(), time, output));
        return output.ToString();
    }
}
