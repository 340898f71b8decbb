using System.Collections.Immutable;
using System.Data.Common;

namespace KeyMeld.Gateway.Storage.Postgres;

internal sealed class PostgresOverviewStore(PostgresDatabase database) : IOverviewStore
{
    // The first condition is what the partial indexes are made with; a prepared statement's plan finds them by it.
    private const string Unfinished = "state IN ('waiting', 'running') AND state = $1";

    public ValueTask<InFlight> InFlightAsync(int most) => database.ReadSnapshotAsync(async session =>
    {
        var running = await RowsAsync(session, SigningState.Running, most);
        var waiting = await RowsAsync(session, SigningState.Waiting, most - running.Count);
        return new InFlight(await CountAsync(session, SigningState.Waiting), await CountAsync(session, SigningState.Running), [.. running, .. waiting]);
    });

    public ValueTask<Joining> JoiningAsync(int most) => database.ReadSnapshotAsync(async session => new Joining(
        (int)(await session.AllAsync("SELECT count(*) FROM (SELECT 1 FROM groups WHERE state = 'joining' LIMIT $1) AS joining", row => row.Integer(0), OverviewCounts.CountedTo))[0],
        [.. await session.AllAsync("SELECT manifest_hash, created_ms FROM groups WHERE state = 'joining' ORDER BY created_ms DESC LIMIT $1", row => new JoiningGroup(row.Hash(0), row.Integer(1)), most)]));

    public ValueTask<ImmutableArray<StoredFailure>> FailedAsync(long since, int most) => database.ReadAsync<ImmutableArray<StoredFailure>>(async session =>
    [
        .. await session.AllAsync("SELECT request_hash, manifest_hash, error_code, ended_ms, attempts FROM signings WHERE state IN ('failed', 'expired') AND ended_ms >= $1 ORDER BY ended_ms DESC LIMIT $2",
            row => new StoredFailure(row.Hash(0), row.Hash(1), row.OptionalText(2), row.Integer(3), (int)row.Number(4)), since, most),
        .. await session.AllAsync("SELECT manifest_hash, error_code, ended_ms FROM groups WHERE state IN ('failed', 'expired') AND ended_ms >= $1 ORDER BY ended_ms DESC LIMIT $2",
            row => new StoredFailure(null, row.Hash(0), row.OptionalText(1), row.Integer(2)), since, most),
    ]);

    public ValueTask<BackupFacts> BackupAsync() => database.ReadAsync(async session => (await session.AllAsync(
        "SELECT (SELECT made_ms FROM last_backup), (SELECT min(applied_ms) FROM schema_migrations)", row => new BackupFacts(row.OptionalInteger(0), row.Integer(1))))[0]);

    public ValueTask<DatabaseFacts> FactsAsync() => database.ReadAsync(async session => (await session.AllAsync(
        "SELECT number, name, pg_database_size(current_database()) FROM schema_migrations ORDER BY number DESC LIMIT 1",
        row => new DatabaseFacts("postgres", row.Integer(2), (int)row.Integer(0), row.Text(1)))).Single());

    private static async Task<int> CountAsync(PostgresSession session, SigningState state) => (int)(await session.AllAsync(
        $"SELECT count(*) FROM (SELECT 1 FROM signings WHERE {Unfinished} LIMIT $2) AS counted", row => row.Integer(0), state.Word(), OverviewCounts.CountedTo))[0];

    private static async Task<List<InFlightSigning>> RowsAsync(PostgresSession session, SigningState state, int most)
    {
        var rows = await session.AllAsync(
            $"SELECT request_hash, manifest_hash, expires_ms, attempts, request, request_signature FROM signings WHERE {Unfinished} ORDER BY expires_ms LIMIT $2", row => Read(row, state), state.Word(), most);
        for (var index = 0; state == SigningState.Waiting && index < rows.Count; index++)
        {
            rows[index] = rows[index] with { Approvals = [.. await PostgresApprovals.OfAsync(session, rows[index].Request)] };
        }
        return rows;
    }

    private static InFlightSigning Read(DbDataReader row, SigningState state) =>
        new(row.Hash(0), row.Hash(1), state, row.Integer(2), (int)row.Number(3), new StoredStatement(row.Blob(4), row.Blob(5)), []);
}
