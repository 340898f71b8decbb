using KeyMeld.Protocol.Errors;
using KeyMeld.Protocol.Ids;

namespace KeyMeld.Gateway.Storage.Sqlite;

/// <summary>One step of the schema. Never changed once released: its digest is in the databases that ran it.</summary>
internal sealed record Migration(int Number, string Name, string Sql);

/// <summary>Numbered, forward only, checked at every start.</summary>
internal static class Migrator
{
    public static readonly IReadOnlyList<Migration> All = [Migrations.Initial.Migration, Migrations.SealedKeyGuards.Migration, Migrations.OwnedKeys.Migration, Migrations.OverviewIndexes.Migration];

    /// <exception cref="KeyMeldException">storage_failed: the file was migrated by another or a newer program.</exception>
    public static void Run(SqliteSession session, TimeProvider time, IReadOnlyList<Migration>? migrations = null)
    {
        migrations ??= All;
        session.Execute("BEGIN IMMEDIATE");
        try
        {
            session.Script("CREATE TABLE IF NOT EXISTS schema_migrations (number INTEGER PRIMARY KEY, name TEXT NOT NULL, sha256 TEXT NOT NULL, applied_ms INTEGER NOT NULL) STRICT;");
            var applied = session.All("SELECT number, name, sha256 FROM schema_migrations ORDER BY number", row => (Number: row.Integer(0), Name: row.Text(1), Sha256: row.Text(2)));
            Check(applied, migrations);
            foreach (var migration in migrations.Skip(applied.Count))
            {
                session.Script(migration.Sql);
                session.Execute("INSERT INTO schema_migrations (number, name, sha256, applied_ms) VALUES ($number, $name, $sha256, $now)",
                    ("$number", migration.Number), ("$name", migration.Name), ("$sha256", Digest(migration)), ("$now", time.GetUtcNow().ToUnixTimeMilliseconds()));
            }
            session.Execute("COMMIT");
        }
        catch
        {
            session.Execute("ROLLBACK");
            throw;
        }
    }

    private static void Check(List<(long Number, string Name, string Sha256)> applied, IReadOnlyList<Migration> migrations)
    {
        if (applied.Count > migrations.Count)
        {
            throw new KeyMeldException(ErrorCodes.StorageFailed, $"The database has migration {applied[^1].Number} ({applied[^1].Name}), this program knows {migrations.Count}: start the newer program.");
        }
        for (var index = 0; index < applied.Count; index++)
        {
            var migration = migrations[index];
            if (applied[index] != (migration.Number, migration.Name, Digest(migration)))
            {
                throw new KeyMeldException(ErrorCodes.StorageFailed, $"Migration {migration.Number} ({migration.Name}) in the database is not this program's; it was made by another program.");
            }
        }
    }

    private static string Digest(Migration migration) => Hash32.Sha256(System.Text.Encoding.UTF8.GetBytes(migration.Sql)).ToString();
}
