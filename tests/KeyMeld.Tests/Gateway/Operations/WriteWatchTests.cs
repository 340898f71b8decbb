using System.Net;
using Google.Protobuf;
using KeyMeld.Gateway.Operations;
using KeyMeld.Gateway.Storage;
using KeyMeld.Gateway.Storage.Sqlite;
using KeyMeld.Gateway.Telemetry;
using KeyMeld.Protocol.Errors;
using KeyMeld.Tests.Gateway.Dashboard;
using KeyMeld.Tests.Gateway.Storage;
using KeyMeld.Tests.Gateway.Support;
using KeyMeld.Tests.Lifecycle;
using KeyMeld.Tests.Support;
using Microsoft.Data.Sqlite;

namespace KeyMeld.Tests.Gateway.Operations;

/// <summary>A database that takes no changes is seen in health before a client's call fails, and it costs next to nothing.</summary>
public sealed class WriteWatchTests(PostgresFixture fixture) : IDisposable
{
    private static readonly TimeSpan Quiet = TimeSpan.FromSeconds(16);

    private readonly string _folder = Directory.CreateTempSubdirectory("keymeld-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task A_full_disk_is_known_from_the_write_that_failed_until_one_is_taken()
    {
        await using var database = SqliteDatabase.Open(Path.Combine(_folder, "keymeld.db"), TimeProvider.System);
        var stores = Stores.Of(database, TimeProvider.System);
        await using var watch = new WriteWatch(stores.Probe, stores.Writes, TimeProvider.System);
        // sqlite.org/pragma.html: never below what the file has. From now on it is full.
        await database.WriteAsync(session => session.All("PRAGMA max_page_count = 1", row => row.Integer(0)));
        var row = StoreContract.Row(7);
        row.EncryptedPrivateKey = ByteString.CopyFrom(new byte[100_000]);

        Assert.Equal(ErrorCodes.StorageFailed, (await Assert.ThrowsAsync<KeyMeldException>(() => stores.SealedKeys.AddFirstAsync(row))).Code);
        Assert.Contains("full", watch.Trouble, StringComparison.Ordinal);

        await database.WriteAsync(session => session.All("PRAGMA max_page_count = 100000", row => row.Integer(0)));
        await watch.LookAsync();
        Assert.Null(watch.Trouble);
        Assert.True(await stores.SealedKeys.AddFirstAsync(row));
    }

    [Fact]
    public async Task A_write_that_hangs_is_one_that_is_not_taken_and_a_refused_one_says_nothing()
    {
        var time = new FrozenTime();
        await using var database = SqliteDatabase.Open(Path.Combine(_folder, "keymeld.db"), TimeProvider.System);
        var stores = Stores.Of(database, time);
        await using var watch = new WriteWatch(stores.Probe, stores.Writes, time);

        stores.Writes.Note(new KeyMeldException(ErrorCodes.StorageFailed, "It does not fit.", new SqliteException("constraint", SQLitePCL.raw.SQLITE_CONSTRAINT)));
        stores.Writes.Note(new KeyMeldException(ErrorCodes.SlotTaken, "It is taken."));
        Assert.Null(watch.Trouble);
        time.Pass(TimeSpan.FromSeconds(91));
        Assert.Contains("91 seconds", watch.Trouble, StringComparison.Ordinal);
        await watch.LookAsync();
        Assert.Null(watch.Trouble);
    }

    [Fact]
    public async Task Health_says_that_a_file_takes_no_changes_and_who_asks_writes_nothing()
    {
        var time = new FrozenTime();
        await using var gateway = await TestGateway.StartAsync(enclaves: 1, overrides: OperatorCalls.Settings(), time: time);
        for (var call = 0; call < 20; call++)
        {
            Assert.Equal(HttpStatusCode.OK, (await gateway.GetAsync("/api/v1/health/ready")).Status);
        }
        await gateway.Parts.Writes.LookAsync();
        Assert.Equal(0, Probes(gateway));

        DatabaseFile.Execute(gateway.Database, "ALTER TABLE write_probe RENAME TO elsewhere");
        time.Pass(Quiet);
        await gateway.Parts.Writes.LookAsync();
        await IsUnwritableAsync(gateway);
        Assert.Contains("write_probe", (await gateway.OverviewAsync(overview => overview.GetProperty("gateway").TryGetProperty("database", out var facts) && facts.TryGetProperty("trouble", out _)))
            .GetProperty("gateway").GetProperty("database").GetProperty("trouble").GetString(), StringComparison.Ordinal);

        DatabaseFile.Execute(gateway.Database, "ALTER TABLE elsewhere RENAME TO write_probe");
        await gateway.Parts.Writes.LookAsync();
        await IsReadyAsync(gateway);
        Assert.Equal(1, Probes(gateway));
    }

    [Fact]
    public async Task Health_says_that_a_server_only_reads()
    {
        var cancel = TestContext.Current.CancellationToken;
        var (server, database) = await fixture.NewDatabaseAsync();
        var time = new FrozenTime();
        await using var gateway = await TestGateway.StartAsync(enclaves: 1, overrides: OperatorCalls.Settings(), time: time, storage: PostgresFixture.StorageOf(server, database));
        await IsReadyAsync(gateway);

        await SetAsync("SET default_transaction_read_only = on");
        time.Pass(Quiet);
        await Eventually.TrueAsync(async () =>
        {
            await gateway.Parts.Writes.LookAsync();
            return gateway.Parts.Writes.Trouble?.Contains("read-only", StringComparison.Ordinal) == true;
        });
        await IsUnwritableAsync(gateway);

        await SetAsync("RESET default_transaction_read_only");
        await Eventually.TrueAsync(async () =>
        {
            await gateway.Parts.Writes.LookAsync();
            return gateway.Parts.Writes.Trouble is null;
        });
        await IsReadyAsync(gateway);

        // It counts for connections that are made from then on.
        async Task SetAsync(string setting)
        {
            await server.RunSqlAsync("postgres", $"ALTER DATABASE {database} {setting}", cancel);
            await server.RunSqlAsync("postgres", $"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{database}'", cancel);
        }
    }

    private static async Task IsReadyAsync(TestGateway gateway)
    {
        Assert.Equal(HttpStatusCode.OK, (await gateway.GetAsync("/api/v1/health/whole")).Status);
        var detail = (await gateway.AskAsync("/api/v1/health/detail")).Read(GatewayJson.Default.HealthDetailJson);
        Assert.Equal(("ready", true, true), (detail.Status, detail.Gateway.DatabaseAnswers, detail.Gateway.DatabaseTakesChanges));
    }

    private static async Task IsUnwritableAsync(TestGateway gateway)
    {
        foreach (var what in (string[])["ready", "whole"])
        {
            (await gateway.GetAsync($"/api/v1/health/{what}")).IsProblem(HttpStatusCode.ServiceUnavailable, ErrorCodes.StorageFailed);
        }
        Assert.Equal(HttpStatusCode.OK, (await gateway.GetAsync("/api/v1/health/live")).Status);
        var detail = (await gateway.AskAsync("/api/v1/health/detail")).Read(GatewayJson.Default.HealthDetailJson);
        Assert.Equal(("unavailable", true, false), (detail.Status, detail.Gateway.DatabaseAnswers, detail.Gateway.DatabaseTakesChanges));
    }

    private static long Probes(TestGateway gateway)
    {
        using var session = SqliteDatabase.OpenSession(gateway.Database, SqliteOpenMode.ReadWrite);
        return session.All("SELECT count(*) FROM write_probe", row => row.Integer(0))[0];
    }
}
