using System.Data;
using KeyMeld.Gateway.Configuration;
using KeyMeld.Gateway.Storage.Maintenance;
using KeyMeld.Gateway.Storage.Migrations;
using Npgsql;
using NpgsqlTypes;

namespace KeyMeld.Gateway.Storage.Postgres;

/// <summary>A PostgreSQL database as rows. It is read beside the gateways that use it; while it is written they wait.</summary>
internal sealed class PostgresRowDatabase(StorageSettings.Postgres settings, TimeProvider time) : IRowDatabase
{
    private readonly NpgsqlDataSource _source = PostgresConnection.Source(settings);

    public string Name => $"PostgreSQL database {settings.Database} at {settings.Host}";

    public Task<IReadOnlyList<int>> MigrateAsync(int target, bool dryRun, IReadOnlyCollection<string>? lose = null) =>
        PostgresMigrator.RunAsync(_source, time, target, dryRun, lose: lose);

    public async Task<IRowSession> ReadAsync() => await OpenAsync(IsolationLevel.RepeatableRead, lockTables: false);

    public async Task<bool> NoteBackupAsync(long made)
    {
        await using var connection = await _source.OpenConnectionAsync();
        var session = new PostgresSession(connection);
        if ((await PostgresMigrator.AppliedAsync(session)).Count < BackupNote.Since)
        {
            return false;
        }
        await session.ExecuteAsync(BackupNote.Sql("$1"), made);
        return true;
    }

    public async Task<IRowSession> WriteAsync() => await OpenAsync(IsolationLevel.ReadCommitted, lockTables: true);

    public ValueTask DisposeAsync() => _source.DisposeAsync();

    private async Task<Session> OpenAsync(IsolationLevel isolation, bool lockTables)
    {
        var connection = await _source.OpenConnectionAsync();
        try
        {
            var session = new Session(connection, await connection.BeginTransactionAsync(isolation));
            if (lockTables)
            {
                await session.LockAsync();
            }
            return session;
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    private sealed class Session(NpgsqlConnection connection, NpgsqlTransaction transaction) : IRowSession
    {
        private readonly PostgresSession _session = new(connection);

        public async Task LockAsync()
        {
            var version = await VersionAsync();
            if (version > 0)
            {
                await _session.ExecuteAsync($"LOCK TABLE {string.Join(", ", StoredTables.At(version).Select(table => table.Name))} IN EXCLUSIVE MODE");
            }
        }

        public async Task<int> VersionAsync()
        {
            var applied = await PostgresMigrator.AppliedAsync(_session);
            MigrationRules.Check(applied, PostgresMigrator.All);
            return applied.Count;
        }

        public async IAsyncEnumerable<StoredRow> RowsAsync(StoredTable table)
        {
            var keys = table.Columns.Take(table.Keys).Select(column => column.Kind == ColumnKind.Text ? $"{column.Name} COLLATE \"C\"" : column.Name);
            await using var command = new NpgsqlCommand($"SELECT {table.ColumnList} FROM {table.Name} ORDER BY {string.Join(", ", keys)}", connection, transaction) { CommandTimeout = 0 };
            await using var reader = await command.ExecuteReaderAsync();
            while (await reader.ReadAsync())
            {
                yield return StoredRow.Read(table, reader);
            }
        }

        public async Task<long> OrphansAsync(StoredTable table, StoredReference reference) => (await _session.AllAsync(
            $"SELECT count(*) FROM {table.Name} AS child WHERE NOT EXISTS (SELECT 1 FROM {reference.Parent} AS parent WHERE parent.{reference.ParentColumn} = child.{reference.Column})", row => row.Integer(0)))[0];

        public async Task<IReadOnlyList<string>> OwnProblemsAsync() => await _session.AllAsync(
            "SELECT 'constraint ' || conname || ' of ' || conrelid::regclass || ' was never checked against the rows that stand' FROM pg_constraint WHERE NOT convalidated AND connamespace = current_schema()::regnamespace",
            row => row.Text(0));

        public async Task InsertAsync(StoredTable table, IAsyncEnumerable<StoredRow> rows)
        {
            await using var import = await connection.BeginBinaryImportAsync($"COPY {table.Name} ({table.ColumnList}) FROM STDIN (FORMAT BINARY)");
            await foreach (var row in rows)
            {
                await import.StartRowAsync();
                foreach (var value in row.Values)
                {
                    await (value switch
                    {
                        null => import.WriteNullAsync(),
                        byte[] bytes => import.WriteAsync(bytes, NpgsqlDbType.Bytea),
                        long number => import.WriteAsync(number, NpgsqlDbType.Bigint),
                        _ => import.WriteAsync((string)value, NpgsqlDbType.Text),
                    });
                }
            }
            await import.CompleteAsync();
        }

        public Task CommitAsync() => transaction.CommitAsync();

        public async ValueTask DisposeAsync()
        {
            await transaction.DisposeAsync();
            await connection.DisposeAsync();
        }
    }
}
