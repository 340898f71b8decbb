using System.Text.RegularExpressions;
using KeyMeld.Gateway.Storage;
using KeyMeld.Gateway.Storage.Postgres;
using KeyMeld.Protocol.Ids;
using KeyMeld.Tests.Support;
using KeyMeld.Wire.V1;

namespace KeyMeld.Tests.Gateway.Storage;

/// <summary>
/// Nothing the gateway asks its database gets slower with what is stored: PostgreSQL finds every row through an index, says its own planner, which chose among many rows and knows no parameter.
/// </summary>
public sealed partial class PostgresPlanTests(PostgresFixture fixture)
{
    private const int Rows = 20_000;

    // Each is in some plan: one that is not would be in the way of writers for nothing, and one that is missing is in none.
    private static readonly string[] Indexes =
    [
        "approvals_pkey", "group_readers_pkey", "group_session_secrets_pkey", "groups_completed", "groups_failed", "groups_join_by", "groups_joining", "groups_pkey", "groups_roster_hash_key",
        "owned_keys_auth_key_id_key", "owned_keys_pkey", "receipts_pkey", "registrations_pkey", "replay_nonces_expiry", "signing_round_posts_pkey", "signings_deadlines", "signings_failed",
        "signings_manifest_hash_signing_id_key", "signings_pkey", "signings_unfinished",
    ];

    // Those hold what is unfinished and nothing else: who reads one of them from end to end reads just that.
    private static readonly string[] OfUnfinished = ["groups_joining", "signings_deadlines", "signings_unfinished"];

    // As many rows as signings with members at home run at the moment.
    private static readonly string[] Passing = ["signing_rounds", "signing_round_posts"];

    [Fact]
    public async Task Every_statement_about_groups_signings_keys_nonces_and_rounds_finds_its_rows_through_an_index()
    {
        await using var database = await FilledAsync();
        var steps = await database.ReadAsync(PlansAsync);

        Assert.Empty(steps.Where(IsScan).Select(step => $"{step.Text}: {step.Statement}"));
        // A table of one page is read without its index.
        Assert.Equal(Indexes, steps.Select(step => step.Index).OfType<string>().Distinct().Except(["replay_nonces_pkey", "signing_rounds_pkey"]).Order(StringComparer.Ordinal));
        // Each call of the stores left its own; fewer would mean that something was not asked.
        Assert.InRange(steps.Select(step => step.Statement).Distinct().Count(), 35, int.MaxValue);
    }

    [Theory]
    [InlineData("DROP INDEX signings_unfinished, signings_deadlines")]
    [InlineData("DROP INDEX groups_joining")]
    [InlineData("DROP INDEX replay_nonces_expiry")]
    [InlineData("ALTER TABLE groups DROP CONSTRAINT groups_roster_hash_key")]
    [InlineData("ALTER TABLE signings DROP CONSTRAINT signings_pkey CASCADE")]
    [InlineData("ALTER TABLE owned_keys DROP CONSTRAINT owned_keys_auth_key_id_key")]
    public async Task Without_an_index_the_same_look_finds_a_scan(string drop)
    {
        await using var database = await FilledAsync();
        var steps = await database.ReadAsync(async session =>
        {
            await session.ExecuteAsync(drop);
            return await PlansAsync(session);
        });
        Assert.Contains(steps, IsScan);
    }

    private static bool IsScan(PlanStep step) => step switch
    {
        { Index: null } => !Passing.Contains(step.Table) && !step.Table!.StartsWith("enclave_", StringComparison.Ordinal),
        { HasCondition: false } => !OfUnfinished.Contains(step.Index) && !Passing.Any(table => step.Index == table + "_pkey"),
        _ => false,
    };

    // One connection: what it has prepared is what was asked, and is planned again there.
    private async Task<PostgresDatabase> FilledAsync()
    {
        var (server, name) = await fixture.NewDatabaseAsync();
        var database = await PostgresConnection.OpenAsync(PostgresFixture.SettingsOf(server, name) with { Connections = 1 }, TimeProvider.System);
        var stores = Stores.Of(database, TimeProvider.System);
        // A statement is prepared when it is run for the second time.
        for (var time = 0; time < 2; time++)
        {
            await EveryStatement.UseAsync(stores);
            await stores.Overview.InFlightAsync(10);
            await stores.Overview.JoiningAsync(10);
            var request = Hash32.Sha256([1]);
            await stores.Rounds!.WriteAsync(request, [1]);
            await stores.Rounds.FindAsync(request);
            await stores.Rounds.PostAsync(request, 0, new RoundBlob());
            await stores.Rounds.TakeAsync(request);
            await stores.Rounds.ClearEndedAsync();
            await new PostgresMarks(database).ReadAsync([request], [request], [request]);
        }
        await server.RunSqlAsync(name, FormattableString.Invariant($"""
            CREATE TEMP TABLE n AS SELECT i, sha256(int4send(i)) AS hash FROM generate_series(1, {Rows}) AS i;
            INSERT INTO groups (manifest_hash, state, created_ms, roster_hash) SELECT hash, 'formed', i, sha256(hash) FROM n;
            INSERT INTO group_session_secrets (manifest_hash, enclave, sealed) SELECT hash, i % 3, hash FROM n;
            INSERT INTO group_readers (reader) SELECT hash FROM n;
            INSERT INTO registrations (manifest_hash, participant, statement_hash) SELECT hash, i % 3, hash FROM n;
            INSERT INTO receipts (manifest_hash, enclave, signature) SELECT hash, i % 3, hash FROM n;
            INSERT INTO signings (request_hash, manifest_hash, signing_id, state, expires_ms, attempts, request, request_signature, items) SELECT hash, hash, hash, 'completed', i, 1, hash, hash, hash FROM n;
            INSERT INTO signings (request_hash, manifest_hash, signing_id, state, expires_ms, attempts, request, request_signature, items)
                SELECT sha256('w' || hash), hash, sha256(hash), CASE WHEN i % 2 = 0 THEN 'waiting' ELSE 'running' END, i, 0, hash, hash, hash FROM n WHERE i <= 200;
            INSERT INTO signing_rounds (request_hash, snapshot) SELECT request_hash, items FROM signings WHERE attempts = 0;
            INSERT INTO signing_round_posts (request_hash, place, round, attempt, blob) SELECT request_hash, place, 1, 1, items FROM signings, generate_series(0, 9) AS place WHERE attempts = 0;
            INSERT INTO groups (manifest_hash, state, created_ms, join_by_ms, completed_ms) SELECT sha256('j' || hash), 'joining', i, i, i FROM n WHERE i <= 200;
            INSERT INTO approvals (request_hash, participant, decision, statement, signature) SELECT hash, i % 3, 'approve', hash, hash FROM n;
            INSERT INTO owned_keys (key_hash, auth, key_id, created_ms) SELECT hash, hash, hash, i FROM n;
            INSERT INTO replay_nonces (key, nonce, expires_ms) SELECT hash, hash, i FROM n;
            """), TestContext.Current.CancellationToken);
        await server.RunSqlAsync(name, "ANALYZE", TestContext.Current.CancellationToken);
        return database;
    }

    private static async Task<List<PlanStep>> PlansAsync(PostgresSession session)
    {
        // The plan for any parameter, not for one.
        await session.ExecuteAsync("SET plan_cache_mode = force_generic_plan");
        var prepared = await session.AllAsync("SELECT name, statement, cardinality(parameter_types)::bigint FROM pg_prepared_statements", row => (Name: row.GetString(0), Sql: row.GetString(1), Count: row.GetInt64(2)));
        var steps = new List<PlanStep>();
        foreach (var (name, sql, count) in prepared.Where(statement => statement.Sql.Contains("WHERE", StringComparison.Ordinal) && !statement.Sql.Contains("schema_migrations", StringComparison.Ordinal)))
        {
            var nulls = count == 0 ? "" : $" ({string.Join(", ", Enumerable.Repeat("NULL", (int)count))})";
            var lines = await session.AllAsync($"EXPLAIN (COSTS OFF) EXECUTE \"{name}\"{nulls}", row => row.GetString(0));
            steps.AddRange(StepsOf(sql, lines));
        }
        return steps;
    }

    private static IEnumerable<PlanStep> StepsOf(string sql, List<string> lines)
    {
        for (var index = 0; index < lines.Count; index++)
        {
            // What belongs to a step stands below it, up to the next one.
            var own = lines.Skip(index + 1).TakeWhile(line => !line.Contains("->", StringComparison.Ordinal));
            if (Step().Match(lines[index]) is { Success: true } match)
            {
                yield return new PlanStep(
                    sql, lines[index].Trim(), match.Groups["table"] is { Success: true } table ? table.Value : null, match.Groups["index"] is { Success: true } found ? found.Value : null,
                    own.Any(line => line.Contains("Index Cond:", StringComparison.Ordinal)));
            }
        }
    }

    [GeneratedRegex("(Seq Scan on (?<table>\\w+))|(Index (Only )?Scan (Backward )?using (?<index>\\w+))|(Bitmap Index Scan on (?<index>\\w+))")]
    private static partial Regex Step();

    /// <param name="Statement">Whose.</param>
    /// <param name="Text">As the planner says it.</param>
    /// <param name="Table">All of whose rows are read; null where it is an index.</param>
    /// <param name="Index">Through which rows are found; null where all of a table are read.</param>
    /// <param name="HasCondition">Whether the index is asked for something, and not read from end to end.</param>
    private sealed record PlanStep(string Statement, string Text, string? Table, string? Index, bool HasCondition);
}
