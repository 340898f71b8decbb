using System.Collections.Immutable;
using System.Data.Common;

namespace KeyMeld.Gateway.Storage.Sqlite;

internal sealed class SqliteOverviewStore(SqliteDatabase database) : IOverviewStore
{
    // The first condition is what the partial indexes are made with; without it they are not used.
    private const string Unfinished = "state IN ('waiting', 'running') AND state = $state";

    internal const string SigningsCount = $"SELECT count(*) FROM (SELECT 1 FROM signings WHERE {Unfinished} LIMIT $limit)";
    internal const string SigningsQuery = $"SELECT request_hash, manifest_hash, expires_ms, attempts, request, request_signature FROM signings WHERE {Unfinished} ORDER BY expires_ms LIMIT $most";
    internal const string FailedSigningsQuery =
        "SELECT request_hash, manifest_hash, error_code, ended_ms, attempts FROM signings WHERE state IN ('failed', 'expired') AND ended_ms >= $since ORDER BY ended_ms DESC LIMIT $most";

    internal const string FailedGroupsQuery = "SELECT manifest_hash, error_code, ended_ms FROM groups WHERE state IN ('failed', 'expired') AND ended_ms >= $since ORDER BY ended_ms DESC LIMIT $most";
    internal const string GroupsQuery = "SELECT manifest_hash, created_ms FROM groups WHERE state = 'joining' ORDER BY created_ms DESC LIMIT $most";

    public ValueTask<InFlight> InFlightAsync(int most) => database.ReadSnapshotAsync(session =>
    {
        var running = Rows(session, SigningState.Running, most);
        var waiting = Rows(session, SigningState.Waiting, most - running.Count);
        return new InFlight(Count(session, SigningState.Waiting), Count(session, SigningState.Running), [.. running, .. waiting]);
    });

    public ValueTask<Joining> JoiningAsync(int most) => database.ReadSnapshotAsync(session => new Joining(
        (int)session.All("SELECT count(*) FROM (SELECT 1 FROM groups WHERE state = 'joining' LIMIT $limit)", row => row.Integer(0), ("$limit", (long)OverviewCounts.CountedTo))[0],
        [.. session.All(GroupsQuery, row => new JoiningGroup(row.Hash(0), row.Integer(1)), ("$most", (long)most))]));

    public ValueTask<ImmutableArray<StoredFailure>> FailedAsync(long since, int most) => database.ReadAsync<ImmutableArray<StoredFailure>>(session =>
    [
        .. session.All(FailedSigningsQuery, row => new StoredFailure(row.Hash(0), row.Hash(1), row.OptionalText(2), row.Integer(3), (int)row.Number(4)), ("$since", since), ("$most", (long)most)),
        .. session.All(FailedGroupsQuery, row => new StoredFailure(null, row.Hash(0), row.OptionalText(1), row.Integer(2)), ("$since", since), ("$most", (long)most)),
    ]);

    public ValueTask<BackupFacts> BackupAsync() => database.ReadAsync(session => session.All(
        "SELECT (SELECT made_ms FROM last_backup), (SELECT min(applied_ms) FROM schema_migrations)", row => new BackupFacts(row.OptionalInteger(0), row.Integer(1)))[0]);

    public ValueTask<DatabaseFacts> FactsAsync() => database.ReadAsync(session =>
    {
        var (number, name) = session.All("SELECT number, name FROM schema_migrations ORDER BY number DESC LIMIT 1", row => ((int)row.Integer(0), row.Text(1))).Single();
        var bytes = session.All("SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()", row => row.Integer(0))[0];
        return new DatabaseFacts("sqlite", bytes, number, name);
    });

    private static int Count(SqliteSession session, SigningState state) => (int)session.All(
        SigningsCount, row => row.Integer(0), ("$state", state.Word()), ("$limit", (long)OverviewCounts.CountedTo))[0];

    private static List<InFlightSigning> Rows(SqliteSession session, SigningState state, int most)
    {
        var rows = session.All(SigningsQuery, row => Read(row, state), ("$state", state.Word()), ("$most", (long)most));
        return state == SigningState.Running ? rows : [.. rows.Select(row => row with { Approvals = [.. SqliteSigningRows.Approvals(session, row.Request)] })];
    }

    private static InFlightSigning Read(DbDataReader row, SigningState state) =>
        new(row.Hash(0), row.Hash(1), state, row.Integer(2), (int)row.Number(3), new StoredStatement(row.Blob(4), row.Blob(5)), []);
}
