namespace KeyMeld.Gateway.Storage.Maintenance;

/// <summary>A database as rows of tables, whatever kind it is: what check, backup, restore and copy work on.</summary>
internal interface IRowDatabase : IAsyncDisposable
{
    /// <summary>The kind and place, for messages.</summary>
    string Name { get; }

    /// <summary>Brings the schema to a version; see the migrators.</summary>
    Task<IReadOnlyList<int>> MigrateAsync(int target, bool dryRun, IReadOnlyCollection<string>? lose = null);

    /// <summary>One state of everything, while others go on writing.</summary>
    Task<IRowSession> ReadAsync();

    /// <summary>Leaves word of a backup for the gateways, beside whoever uses the database. Of two the newer one stays.</summary>
    /// <param name="made">Of which moment it is, in Unix milliseconds.</param>
    /// <returns>False where the schema has no place for it yet.</returns>
    Task<bool> NoteBackupAsync(long made);

    /// <summary>A transaction in which nobody else writes.</summary>
    Task<IRowSession> WriteAsync();
}

/// <summary>What both kinds run.</summary>
internal static class BackupNote
{
    /// <summary>The schema version that has a place for it.</summary>
    public const int Since = 6;

    public static string Sql(string made) => $"INSERT INTO last_backup (one, made_ms) VALUES (1, {made}) ON CONFLICT (one) DO UPDATE SET made_ms = excluded.made_ms WHERE excluded.made_ms > last_backup.made_ms";
}

/// <summary>One transaction; without <see cref="CommitAsync"/> nothing of it stays.</summary>
internal interface IRowSession : IAsyncDisposable
{
    /// <summary>The schema's version; 0 where there is none.</summary>
    /// <exception cref="Protocol.Errors.KeyMeldException">storage_failed: another or a newer program's.</exception>
    Task<int> VersionAsync();

    /// <summary>A table's rows in the order of their keys.</summary>
    IAsyncEnumerable<StoredRow> RowsAsync(StoredTable table);

    /// <summary>How many rows of a table name a parent that is not there.</summary>
    Task<long> OrphansAsync(StoredTable table, StoredReference reference);

    /// <summary>What the database itself says is wrong with it.</summary>
    Task<IReadOnlyList<string>> OwnProblemsAsync();

    Task InsertAsync(StoredTable table, IAsyncEnumerable<StoredRow> rows);

    Task CommitAsync();
}
