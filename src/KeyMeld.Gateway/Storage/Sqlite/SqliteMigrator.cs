using KeyMeld.Gateway.Storage.Migrations;
using KeyMeld.Protocol.Errors;

namespace KeyMeld.Gateway.Storage.Sqlite;

/// <summary>Numbered steps, checked at every start; a whole way up or down is one transaction.</summary>
internal static class SqliteMigrator
{
    public static readonly IReadOnlyList<Migration> All =
    [
        Migrations.Initial.Migration, Migrations.SealedKeyGuards.Migration, Migrations.OwnedKeys.Migration, Migrations.OverviewIndexes.Migration, Migrations.LeftBehind.Migration,
        Migrations.LastBackup.Migration, Migrations.Ended.Migration, Migrations.EnclaveRetirements.Migration, Migrations.WriteProbe.Migration,
    ];

    /// <param name="target">The version to end at; the newest without it.</param>
    /// <param name="dryRun">Does everything and takes it back.</param>
    /// <param name="migrations">For tests.</param>
    /// <param name="lose">What steps down may lose: names of <see cref="Migration.Loses"/>.</param>
    /// <returns>The steps that were gone, in their order; those down are negative.</returns>
    /// <exception cref="KeyMeldException">
    /// storage_failed: the file was migrated by another or a newer program. data_would_be_lost: a step down would drop rows. bad_request: no such version, or nothing that may be lost. Nothing was changed.
    /// </exception>
    public static IReadOnlyList<int> Run(SqliteSession session, TimeProvider time, int? target = null, bool dryRun = false, IReadOnlyList<Migration>? migrations = null, IReadOnlyCollection<string>? lose = null)
    {
        migrations ??= All;
        MigrationRules.RequireVersion(target ?? migrations.Count, migrations);
        MigrationRules.RequireLosses(lose ?? [], migrations);
        session.Execute("BEGIN IMMEDIATE");
        try
        {
            session.Script("CREATE TABLE IF NOT EXISTS schema_migrations (number INTEGER PRIMARY KEY, name TEXT NOT NULL, sha256 TEXT NOT NULL, applied_ms INTEGER NOT NULL) STRICT;");
            var applied = Read(session);
            MigrationRules.Check(applied, migrations);
            var steps = new List<int>();
            foreach (var migration in migrations.Skip(applied.Count).Take((target ?? migrations.Count) - applied.Count))
            {
                Up(session, migration, time);
                steps.Add(migration.Number);
            }
            Migration[] back = [.. migrations.Take(applied.Count).Skip(target ?? migrations.Count).Reverse()];
            Loss[] lost = [.. back.SelectMany(migration => migration.Loses).Where(loss => lose?.Contains(loss.Name) != true && session.Exists(loss.Sql))];
            if (lost.Length > 0)
            {
                throw MigrationRules.WouldLose(back, lost);
            }
            foreach (var migration in back)
            {
                Down(session, migration);
                steps.Add(-migration.Number);
            }
            session.Execute(dryRun ? "ROLLBACK" : "COMMIT");
            return steps;
        }
        catch
        {
            session.Execute("ROLLBACK");
            throw;
        }
    }

    /// <summary>What the database has; nothing where it is empty.</summary>
    public static List<AppliedMigration> Applied(SqliteSession session) =>
        session.Exists("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'schema_migrations'") ? Read(session) : [];

    private static List<AppliedMigration> Read(SqliteSession session) =>
        session.All("SELECT number, name, sha256 FROM schema_migrations ORDER BY number", row => new AppliedMigration(row.Integer(0), row.Text(1), row.Text(2)));

    private static void Up(SqliteSession session, Migration migration, TimeProvider time)
    {
        session.Script(migration.Up);
        session.Execute("INSERT INTO schema_migrations (number, name, sha256, applied_ms) VALUES ($number, $name, $sha256, $now)",
            ("$number", migration.Number), ("$name", migration.Name), ("$sha256", migration.Digest), ("$now", time.GetUtcNow().ToUnixTimeMilliseconds()));
    }

    private static void Down(SqliteSession session, Migration migration)
    {
        foreach (var table in migration.Keeps)
        {
            if (session.Exists($"SELECT 1 FROM {table} LIMIT 1"))
            {
                throw MigrationRules.WouldLose(migration, table);
            }
        }
        session.Script(migration.Down);
        session.Execute("DELETE FROM schema_migrations WHERE number = $number", ("$number", migration.Number));
    }
}
