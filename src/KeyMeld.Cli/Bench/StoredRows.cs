using KeyMeld.DevKit.Stack;
using Microsoft.Data.Sqlite;

namespace KeyMeld.Cli.Bench;

/// <summary>
/// Fills the gateway's database with as many groups, signings and keys as a busy gateway has after a long time: copies of real rows under other hashes, so that they take as much room. Nobody can read or
/// use them, for nobody has the keys.
/// </summary>
internal static class StoredRows
{
    // Copies of the newest formed group with everything that belongs to it, of the newest finished signing, the newest key, all over random hashes.
    private const string Copies = """
        CREATE TEMP TABLE copies AS WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $rows) SELECT i, randomblob(32) AS hash FROM n;
        CREATE TEMP TABLE model AS SELECT * FROM groups WHERE state = 'formed' ORDER BY created_ms DESC LIMIT 1;
        INSERT INTO groups (manifest_hash, state, created_ms, join_by_ms, roster_hash, error_code, error_detail, erase_hash, manifest, manifest_signature, terms)
            SELECT hash, state, created_ms, join_by_ms, randomblob(32), error_code, error_detail, erase_hash, manifest, manifest_signature, terms FROM model, copies;
        INSERT INTO group_session_secrets (manifest_hash, enclave, sealed) SELECT hash, enclave, sealed FROM group_session_secrets, copies WHERE manifest_hash = (SELECT manifest_hash FROM model);
        INSERT INTO group_readers (reader) SELECT randomblob(32) FROM copies, (SELECT 1 UNION ALL SELECT 2 UNION ALL SELECT 3 UNION ALL SELECT 4 UNION ALL SELECT 5 UNION ALL SELECT 6 UNION ALL SELECT 7) AS seven;
        INSERT INTO registrations (manifest_hash, participant, statement_hash, statement, signatures, envelope) SELECT hash, participant, statement_hash, statement, signatures, envelope FROM registrations, copies WHERE manifest_hash = (SELECT manifest_hash FROM model);
        INSERT INTO receipts (manifest_hash, enclave, signature) SELECT hash, enclave, signature FROM receipts, copies WHERE manifest_hash = (SELECT manifest_hash FROM model);
        INSERT INTO signings (request_hash, manifest_hash, signing_id, state, expires_ms, attempts, lease_owner, lease_until_ms, error_code, error_detail, request, request_signature, result, items)
            SELECT randomblob(32), hash, randomblob(16), one.state, expires_ms, attempts, NULL, NULL, one.error_code, one.error_detail, request, request_signature, result, items
            FROM (SELECT * FROM signings WHERE state = 'completed' LIMIT 1) AS one, copies;
        INSERT INTO signings (request_hash, manifest_hash, signing_id, state, expires_ms, attempts, lease_owner, lease_until_ms, error_code, error_detail, request, request_signature, result, items)
            SELECT randomblob(32), hash, randomblob(16), 'waiting', expires_ms + 86400000, 0, NULL, NULL, NULL, NULL, request, request_signature, NULL, items
            FROM (SELECT * FROM signings WHERE state = 'completed' LIMIT 1) AS one, copies WHERE i <= $waiting;
        INSERT INTO owned_keys (key_hash, auth, key_id, created_ms, erase_hash, statement, signature, sealed, answer)
            SELECT hash, randomblob(32), key_id, created_ms, erase_hash, statement, signature, sealed, answer FROM (SELECT * FROM owned_keys LIMIT 1) AS one, copies;
        DROP TABLE copies;
        DROP TABLE model;
        """;

    private const string Sqlite = $"""
        PRAGMA synchronous = OFF;
        BEGIN;
        {Copies}
        COMMIT;
        """;

    // SQLite's randomblob(n), and afterwards what autovacuum would do by itself a minute later. One transaction: psql -c.
    private static readonly string Postgres = $"""
        SET synchronous_commit = off;
        CREATE FUNCTION pg_temp.randomblob(size integer) RETURNS bytea LANGUAGE sql VOLATILE AS 'SELECT substring(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()) FOR size)';
        {Copies.Replace("randomblob(", "pg_temp.randomblob(", StringComparison.Ordinal)}
        """;

    /// <summary>Adds so many of each, and so many signings that wait for an approval. Needs a formed group, a finished signing and a key to copy; the gateway is stopped.</summary>
    public static async Task AddAsync(DevelopmentStack stack, int rows, int waiting, CancellationToken cancellationToken)
    {
        if (stack.Database is { } server)
        {
            await server.RunSqlAsync(DevelopmentStack.DatabaseName, Filled(Postgres, rows, waiting), cancellationToken);
            await server.RunSqlAsync(DevelopmentStack.DatabaseName, "VACUUM ANALYZE", cancellationToken);
            return;
        }
        await using var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = stack.Layout.Database, Mode = SqliteOpenMode.ReadWrite, Pooling = false }.ToString());
        await connection.OpenAsync(cancellationToken);
        await using var command = connection.CreateCommand();
        command.CommandText = Filled(Sqlite, rows, waiting);
        command.CommandTimeout = 0;
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    private static string Filled(string sql, int rows, int waiting) =>
        sql.Replace("$rows", FormattableString.Invariant($"{rows}"), StringComparison.Ordinal).Replace("$waiting", FormattableString.Invariant($"{waiting}"), StringComparison.Ordinal);
}
