using KeyMeld.Gateway.Storage.Maintenance;
using KeyMeld.Gateway.Storage.Migrations;
using KeyMeld.Protocol.Errors;
using Microsoft.Data.Sqlite;

namespace KeyMeld.Gateway.Storage.Sqlite;

/// <summary>A SQLite file as rows. It is read beside a gateway that has it; to write, this process must be the only one.</summary>
internal sealed class SqliteRowDatabase(string path, TimeProvider time, bool wal = true) : IRowDatabase
{
    public string Name => $"SQLite file {path}";

    public Task<IReadOnlyList<int>> MigrateAsync(int target, bool dryRun, IReadOnlyCollection<string>? lose = null)
    {
        using var ownership = SqliteDatabase.PrepareFiles(path);
        using var session = Open(SqliteOpenMode.ReadWrite);
        session.Script(wal ? "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA secure_delete = ON;" : "PRAGMA synchronous = FULL;");
        return Task.FromResult(SqliteMigrator.Run(session, time, target, dryRun, lose: lose));
    }

    public Task<IRowSession> ReadAsync()
    {
        if (!File.Exists(path))
        {
            throw new KeyMeldException(ErrorCodes.StorageFailed, $"There is no {path}.");
        }
        var session = Open(SqliteOpenMode.ReadWrite);
        session.Script("PRAGMA query_only = ON;");
        session.Execute("BEGIN");
        return Task.FromResult<IRowSession>(new Session(session, null));
    }

    public Task<bool> NoteBackupAsync(long made)
    {
        using var session = Open(SqliteOpenMode.ReadWrite);
        if (SqliteMigrator.Applied(session).Count < BackupNote.Since)
        {
            return Task.FromResult(false);
        }
        // One statement is one transaction: SQLite has the gateway's writer wait for it, and it for the writer.
        session.Execute(BackupNote.Sql("$made"), ("$made", made));
        return Task.FromResult(true);
    }

    public Task<IRowSession> WriteAsync()
    {
        var ownership = SqliteDatabase.PrepareFiles(path);
        var session = Open(SqliteOpenMode.ReadWrite);
        session.Script("PRAGMA synchronous = FULL;");
        session.Execute("BEGIN IMMEDIATE");
        return Task.FromResult<IRowSession>(new Session(session, ownership));
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private SqliteSession Open(SqliteOpenMode mode) => SqliteDatabase.OpenSession(path, mode);

    private sealed class Session(SqliteSession session, FileStream? ownership) : IRowSession
    {
        public Task<int> VersionAsync()
        {
            var applied = SqliteMigrator.Applied(session);
            MigrationRules.Check(applied, SqliteMigrator.All);
            return Task.FromResult(applied.Count);
        }

#pragma warning disable CS1998 // SQLite reads on this thread
        public async IAsyncEnumerable<StoredRow> RowsAsync(StoredTable table)
#pragma warning restore CS1998
        {
            foreach (var row in session.Each($"SELECT {table.ColumnList} FROM {table.Name} ORDER BY {string.Join(", ", table.Columns.Take(table.Keys).Select(column => column.Name))}", row => StoredRow.Read(table, row)))
            {
                yield return row;
            }
        }

        public Task<long> OrphansAsync(StoredTable table, StoredReference reference) => Task.FromResult(session.All(
            $"SELECT count(*) FROM {table.Name} WHERE NOT EXISTS (SELECT 1 FROM {reference.Parent} AS parent WHERE parent.{reference.ParentColumn} = {table.Name}.{reference.Column})", row => row.Integer(0))[0]);

        public Task<IReadOnlyList<string>> OwnProblemsAsync() => Task.FromResult<IReadOnlyList<string>>([.. session.All("PRAGMA integrity_check", row => row.Text(0)).Where(line => line != "ok")]);

        public async Task InsertAsync(StoredTable table, IAsyncEnumerable<StoredRow> rows)
        {
            var sql = $"INSERT INTO {table.Name} ({table.ColumnList}) VALUES ({string.Join(", ", table.Columns.Select(column => "$" + column.Name))})";
            var values = new (string Name, object? Value)[table.Columns.Length];
            await foreach (var row in rows)
            {
                for (var index = 0; index < values.Length; index++)
                {
                    values[index] = ("$" + table.Columns[index].Name, row.Values[index]);
                }
                session.Execute(sql, values);
            }
        }

        public Task CommitAsync()
        {
            session.Execute("COMMIT");
            return Task.CompletedTask;
        }

        public ValueTask DisposeAsync()
        {
            // What was not committed goes with the connection.
            session.Dispose();
            ownership?.Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
