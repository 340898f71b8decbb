using KeyMeld.Gateway.Storage.Migrations;
using KeyMeld.Protocol.Errors;
using Npgsql;

namespace KeyMeld.Gateway.Storage.Postgres;

/// <summary>Numbered steps, checked at every start; a whole way up or down is one transaction, and of several programs that start at once one goes it while the others wait.</summary>
internal static class PostgresMigrator
{
    // Any number, the same in every program of every version.
    private const long Lock = 0x6b65796d656c64;

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
    /// storage_failed: the database was migrated by another or a newer program. data_would_be_lost: a step down would drop rows. bad_request: no such version, or nothing that may be lost. Nothing was changed.
    /// </exception>
    public static async Task<IReadOnlyList<int>> RunAsync(NpgsqlDataSource source, TimeProvider time, int? target = null, bool dryRun = false, IReadOnlyList<Migration>? migrations = null, IReadOnlyCollection<string>? lose = null)
    {
        migrations ??= All;
        MigrationRules.RequireVersion(target ?? migrations.Count, migrations);
        MigrationRules.RequireLosses(lose ?? [], migrations);
        await using var connection = await source.OpenConnectionAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        var session = new PostgresSession(connection);
        // Waits without the limit that other statements have: another program may be on its way through a long step.
        await session.ExecuteAsync("SET LOCAL lock_timeout = 0");
        await session.ExecuteAsync("SELECT pg_advisory_xact_lock($1)", Lock);
        await ScriptAsync(connection, "CREATE TABLE IF NOT EXISTS schema_migrations (number bigint PRIMARY KEY, name text NOT NULL, sha256 text NOT NULL, applied_ms bigint NOT NULL)");
        var applied = await AppliedAsync(session);
        MigrationRules.Check(applied, migrations);
        var steps = new List<int>();
        foreach (var migration in migrations.Skip(applied.Count).Take((target ?? migrations.Count) - applied.Count))
        {
            await ScriptAsync(connection, migration.Up);
            await session.ExecuteAsync("INSERT INTO schema_migrations (number, name, sha256, applied_ms) VALUES ($1, $2, $3, $4)",
                migration.Number, migration.Name, migration.Digest, time.GetUtcNow().ToUnixTimeMilliseconds());
            steps.Add(migration.Number);
        }
        Migration[] back = [.. migrations.Take(applied.Count).Skip(target ?? migrations.Count).Reverse()];
        await RequireNothingLostAsync(connection, session, back, lose ?? []);
        foreach (var migration in back)
        {
            await DownAsync(connection, session, migration);
            steps.Add(-migration.Number);
        }
        if (!dryRun)
        {
            await transaction.CommitAsync();
        }
        return steps;
    }

    /// <summary>What the database has; nothing where it is empty.</summary>
    public static async Task<List<AppliedMigration>> AppliedAsync(PostgresSession session) =>
        !await session.ExistsAsync("SELECT 1 WHERE to_regclass($1) IS NOT NULL", "schema_migrations") ? []
        : await session.AllAsync("SELECT number, name, sha256 FROM schema_migrations ORDER BY number", row => new AppliedMigration(row.Integer(0), row.Text(1), row.Text(2)));

    private static async Task RequireNothingLostAsync(NpgsqlConnection connection, PostgresSession session, Migration[] back, IReadOnlyCollection<string> lose)
    {
        var lost = new List<Loss>();
        foreach (var loss in back.SelectMany(migration => migration.Loses).Where(loss => !lose.Contains(loss.Name)))
        {
            // Nobody may add a row between the look and the end.
            await ScriptAsync(connection, $"LOCK TABLE {loss.Table} IN ACCESS EXCLUSIVE MODE");
            if ((await session.AllAsync(loss.Sql, _ => true)).Count > 0)
            {
                lost.Add(loss);
            }
        }
        if (lost.Count > 0)
        {
            throw MigrationRules.WouldLose(back, lost);
        }
    }

    private static async Task DownAsync(NpgsqlConnection connection, PostgresSession session, Migration migration)
    {
        foreach (var table in migration.Keeps)
        {
            // Nobody may add a row between the look and the end.
            await ScriptAsync(connection, $"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE");
            if ((await session.AllAsync($"SELECT 1 FROM {table} LIMIT 1", _ => true)).Count > 0)
            {
                throw MigrationRules.WouldLose(migration, table);
            }
        }
        await ScriptAsync(connection, migration.Down);
        await session.ExecuteAsync("DELETE FROM schema_migrations WHERE number = $1", migration.Number);
    }

    // Several statements in one, as a script has them.
    private static async Task ScriptAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection) { CommandTimeout = 0 };
        await command.ExecuteNonQueryAsync();
    }
}
