using KeyMeld.Gateway.Storage.Maintenance;
using KeyMeld.Gateway.Storage.Postgres;
using KeyMeld.Gateway.Storage.Sqlite;
using KeyMeld.Protocol.Errors;
using KeyMeld.Tests.Support;

namespace KeyMeld.Tests.Gateway.Storage.Maintenance;

/// <summary>The schema goes up and down with data in it, and never down over data.</summary>
public abstract class MigrationContract
{
    private static int Newest => SqliteMigrator.All.Count;

    private protected abstract Task<IRowDatabase> NewAsync();

    /// <summary>TABLE.COLUMN of the database made last, as it says itself.</summary>
    private protected abstract Task<IReadOnlyList<string>> ColumnsAsync();

    [Fact]
    public void Both_kinds_have_the_same_steps() =>
        Assert.Equal(SqliteMigrator.All.Select(step => (step.Number, step.Name, string.Join(' ', step.Keeps))), PostgresMigrator.All.Select(step => (step.Number, step.Name, string.Join(' ', step.Keeps))));

    [Fact]
    public async Task Every_version_goes_up_with_data_in_it_and_down_and_up_again_and_the_data_stays()
    {
        for (var version = 1; version <= Newest; version++)
        {
            await using var database = await NewAsync();
            Assert.Equal([.. Enumerable.Range(1, version)], await database.MigrateAsync(version, dryRun: false));
            await InsertAsync(database, version);
            var filled = await FilledDatabase.DigestsAsync(database);
            Assert.All(filled, table => Assert.Equal(2, table.Rows));

            Assert.Equal([.. Enumerable.Range(version + 1, Newest - version)], await database.MigrateAsync(Newest, dryRun: false));
            Assert.Equal(filled, await FilledDatabase.DigestsAsync(database, version));
            Assert.Equal([.. Enumerable.Range(version + 1, Newest - version).Reverse().Select(step => -step)], await database.MigrateAsync(version, dryRun: false));
            Assert.Equal(filled, await FilledDatabase.DigestsAsync(database));
            await database.MigrateAsync(Newest, dryRun: false);
            Assert.Equal(filled, await FilledDatabase.DigestsAsync(database, version));
        }
    }

    [Fact]
    public async Task Backup_and_copy_know_every_column_there_is()
    {
        await using var database = await NewAsync();
        await database.MigrateAsync(Newest, dryRun: false);
        var known = StoredTables.At(Newest).SelectMany(table => table.Columns.Select(column => $"{table.Name}.{column.Name}"));
        Assert.Equal(known.Order(StringComparer.Ordinal), (await ColumnsAsync()).Where(IsKept).Order(StringComparer.Ordinal));

        static bool IsKept(string column) => column.Split('.')[0] is var table && table != "schema_migrations" && !StoredTables.Passing.Contains(table);
    }

    [Fact]
    public async Task An_empty_database_goes_down_to_nothing_and_up_again()
    {
        await using var database = await NewAsync();
        await database.MigrateAsync(Newest, dryRun: false);
        Assert.Equal([.. Enumerable.Range(1, Newest).Reverse().Select(step => -step)], await database.MigrateAsync(0, dryRun: false));
        Assert.Equal([.. Enumerable.Range(1, Newest)], await database.MigrateAsync(Newest, dryRun: false));
    }

    [Fact]
    public async Task A_way_down_that_would_lose_rows_is_refused_and_changes_nothing()
    {
        await using var database = await NewAsync();
        await database.MigrateAsync(Newest, dryRun: false);
        await InsertAsync(database, Newest);
        var filled = await FilledDatabase.DigestsAsync(database);

        foreach (var version in (int[])[2, 0])
        {
            var refusal = await Assert.ThrowsAsync<KeyMeldException>(() => database.MigrateAsync(version, dryRun: false, lose: [.. SqliteMigrator.All.SelectMany(step => step.Loses).Select(loss => loss.Name)]));
            Assert.Equal(ErrorCodes.DataWouldBeLost, refusal.Code);
            Assert.Contains("owned_keys", refusal.Message, StringComparison.Ordinal);
        }
        foreach (var version in (int[])[-1, Newest + 1])
        {
            Assert.Equal(ErrorCodes.BadRequest, (await Assert.ThrowsAsync<KeyMeldException>(() => database.MigrateAsync(version, dryRun: false))).Code);
        }
        Assert.Equal(filled, await FilledDatabase.DigestsAsync(database));
    }

    [Fact]
    public async Task When_groups_were_complete_is_lost_on_the_way_back_only_where_that_is_said_by_name()
    {
        await using var database = await NewAsync();
        await database.MigrateAsync(5, dryRun: false);
        await InsertAsync(database, 5, table => table.Name == "groups");
        var filled = await FilledDatabase.DigestsAsync(database);

        var refusal = await Assert.ThrowsAsync<KeyMeldException>(() => database.MigrateAsync(4, dryRun: false));
        Assert.Equal(ErrorCodes.DataWouldBeLost, refusal.Code);
        Assert.Contains("--lose groups.completed_ms", refusal.Message, StringComparison.Ordinal);
        // What is no table or column of a step back, and what never may go.
        foreach (var name in (string[])["", "everything", "enclave_master_keys", "groups"])
        {
            Assert.Equal(ErrorCodes.BadRequest, (await Assert.ThrowsAsync<KeyMeldException>(() => database.MigrateAsync(4, dryRun: false, lose: [name]))).Code);
        }
        Assert.Equal(filled, await FilledDatabase.DigestsAsync(database));

        Assert.Equal([-5], await database.MigrateAsync(4, dryRun: false, lose: ["groups.completed_ms"]));
        Assert.Equal([5], await database.MigrateAsync(5, dryRun: false));
        Assert.Equal([-5], await database.MigrateAsync(4, dryRun: false));
        // Groups themselves stay whatever is said.
        Assert.Equal(ErrorCodes.DataWouldBeLost, (await Assert.ThrowsAsync<KeyMeldException>(() => database.MigrateAsync(0, dryRun: false, lose: ["groups.completed_ms"]))).Code);
    }

    [Fact]
    public async Task All_that_a_way_back_would_lose_is_named_at_once()
    {
        await using var database = await NewAsync();
        await database.MigrateAsync(7, dryRun: false);
        await InsertAsync(database, 7);
        string[] losses = ["signings.ended_ms", "groups.ended_ms", "groups.completed_ms"];
        var refusal = await Assert.ThrowsAsync<KeyMeldException>(() => database.MigrateAsync(4, dryRun: false));
        Assert.Equal(ErrorCodes.DataWouldBeLost, refusal.Code);
        Assert.Contains("migration 7 (ended), migration 5 (left behind)", refusal.Message, StringComparison.Ordinal);
        Assert.All(losses, loss => Assert.Contains($"--lose {loss}", refusal.Message, StringComparison.Ordinal));
        Assert.DoesNotContain("last_backup", refusal.Message, StringComparison.Ordinal);
        Assert.Equal([-7, -6, -5], await database.MigrateAsync(4, dryRun: false, lose: losses));
    }

    [Fact]
    public async Task A_dry_run_goes_every_step_and_takes_it_back()
    {
        await using var database = await NewAsync();
        await database.MigrateAsync(1, dryRun: false);
        Assert.Equal([.. Enumerable.Range(2, Newest - 1)], await database.MigrateAsync(Newest, dryRun: true));
        Assert.Equal([.. Enumerable.Range(2, Newest - 1)], await database.MigrateAsync(Newest, dryRun: false));
    }

    private static async Task InsertAsync(IRowDatabase database, int version, Func<StoredTable, bool>? which = null)
    {
        await using var session = await database.WriteAsync();
        foreach (var table in StoredTables.At(version).Where(which ?? (_ => true)))
        {
            await session.InsertAsync(table, RowsOf(table));
        }
        await session.CommitAsync();
    }

    // Two rows a table, every column filled; the same number wherever one names another.
    private static async IAsyncEnumerable<StoredRow> RowsOf(StoredTable table)
    {
        for (byte number = 1; number <= 2; number++)
        {
            yield return new StoredRow(table, [.. table.Columns.Select(column => Value(column, number))]);
        }
        await Task.CompletedTask;
    }

    private static object Value(StoredColumn column, byte number) => column switch
    {
        { Name: "state" } => number == 1 ? "failed" : "expired",
        { Name: "decision" } => "approve",
        { Kind: ColumnKind.Bytes } => new byte[] { number, 0, 255 },
        { Kind: ColumnKind.Integer } => (long)number,
        _ => $"text {number} ü",
    };
}

/// <summary>On files.</summary>
public sealed class SqliteMigrationTests : MigrationContract, IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("keymeld-").FullName;
    private int _files;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private protected override Task<IRowDatabase> NewAsync() => Task.FromResult<IRowDatabase>(new SqliteRowDatabase(Path.Combine(_folder, $"{_files++}.db"), TimeProvider.System));

    private protected override Task<IReadOnlyList<string>> ColumnsAsync()
    {
        using var session = SqliteDatabase.OpenSession(Path.Combine(_folder, $"{_files - 1}.db"), Microsoft.Data.Sqlite.SqliteOpenMode.ReadWrite);
        return Task.FromResult<IReadOnlyList<string>>(session.All("SELECT t.name || '.' || c.name FROM sqlite_schema AS t, pragma_table_info(t.name) AS c WHERE t.type = 'table'", row => row.GetString(0)));
    }
}

/// <summary>On a server.</summary>
public sealed class PostgresMigrationTests(PostgresFixture fixture) : MigrationContract
{
    private (KeyMeld.DevKit.Databases.PostgresServer Server, string Database) _made;

    private protected override async Task<IRowDatabase> NewAsync()
    {
        _made = await fixture.NewDatabaseAsync();
        return new PostgresRowDatabase(PostgresFixture.SettingsOf(_made.Server, _made.Database), TimeProvider.System);
    }

    private protected override async Task<IReadOnlyList<string>> ColumnsAsync() =>
        (await _made.Server.RunSqlAsync(_made.Database, "SELECT table_name || '.' || column_name FROM information_schema.columns WHERE table_schema = 'public'", TestContext.Current.CancellationToken)).Split('\n');
}
