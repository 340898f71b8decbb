using System.Collections.Immutable;
using KeyMeld.Protocol.Ids;

namespace KeyMeld.Gateway.Storage.Sqlite;

internal sealed class SqliteSigningStore(SqliteDatabase database, TimeProvider time) : ISigningStore
{
    // SQLite uses the index of the unfinished only where its condition stands in the query word for word; without it all signings there ever were would be looked through.
    private const string Running = "state IN ('waiting', 'running') AND state = 'running'";

    /// <summary>Takes every lease away, whoever holds it.</summary>
    public const string ReleaseAll = $"UPDATE signings SET lease_owner = NULL, lease_until_ms = NULL WHERE {Running}";

    private long Now => time.GetUtcNow().ToUnixTimeMilliseconds();

    public Task<AddedSigning> AddAsync(NewSigning signing, Lease? lease, int mostUnfinished) => database.WriteAsync(session =>
    {
        var added = session.Execute("""
            INSERT INTO signings (request_hash, manifest_hash, signing_id, state, expires_ms, attempts, lease_owner, lease_until_ms, request, request_signature, items)
            SELECT $request, $group, $signing, $state, $expires, $attempts, $owner, $until, $statement, $signature, $items
            WHERE (SELECT count(*) FROM signings WHERE manifest_hash = $group AND state IN ('waiting', 'running')) < $most
              AND (SELECT count(*) FROM registrations WHERE manifest_hash = $group AND envelope IS NULL) = $without ON CONFLICT DO NOTHING
            """,
            ("$request", signing.Request.ToArray()), ("$group", signing.Group.ToArray()), ("$signing", signing.Signing.ToArray()),
            ("$state", (lease is null ? SigningState.Waiting : SigningState.Running).Word()), ("$expires", signing.Expires), ("$attempts", lease is null ? 0L : 1L),
            ("$owner", lease?.Owner.ToArray()), ("$until", Now + lease?.Milliseconds), ("$most", (long)mostUnfinished), ("$without", (long)signing.WithoutEnvelope),
            ("$statement", signing.Statement.Statement), ("$signature", signing.Statement.Signatures), ("$items", signing.Items));
        return added == 1 ? AddedSigning.Added
            : session.Exists("SELECT 1 FROM signings WHERE request_hash = $request", ("$request", signing.Request.ToArray())) ? AddedSigning.Repeated
            : session.Exists("SELECT 1 FROM signings WHERE manifest_hash = $group AND signing_id = $signing", ("$group", signing.Group.ToArray()), ("$signing", signing.Signing.ToArray())) ? AddedSigning.Taken
            : session.Exists("SELECT 1 WHERE (SELECT count(*) FROM registrations WHERE manifest_hash = $group AND envelope IS NULL) <> $without",
                ("$group", signing.Group.ToArray()), ("$without", (long)signing.WithoutEnvelope)) ? AddedSigning.Changed
            : AddedSigning.TooMany;
    });

    public ValueTask<SigningRecord?> FindAsync(Hash32 request) => database.ReadSnapshotAsync(session => SqliteSigningRows.Find(session, request));

    public ValueTask<SigningState?> StateOfAsync(Hash32 request) => database.ReadAsync(session => session.All(
        "SELECT state FROM signings WHERE request_hash = $request", row => StateWords.Signing(row.Text(0)), ("$request", request.ToArray())).Cast<SigningState?>().FirstOrDefault());

    public ValueTask<Hash32?> GroupOfAsync(Hash32 request) => database.ReadAsync(session => SqliteSigningRows.GroupOf(session, request));

    public Task<AddedApproval> AddApprovalAsync(Hash32 request, StoredApproval approval, Func<IReadOnlyList<StoredApproval>, bool> complete, Lease lease) =>
        database.WriteAsync(session => SqliteApprovals.Add(session, request, approval, complete, lease, Now));

    public Task<bool> ReserveAsync(Hash32 request, int attempts, Lease lease) => TakeAsync(request, attempts, 1, lease);

    public Task<bool> AdoptAsync(Hash32 request, int attempt, Lease lease) => TakeAsync(request, attempt, 0, lease);

    public Task<ImmutableArray<Hash32>> RenewAsync(Lease lease) => database.WriteAsync(session => session.All(
        $"UPDATE signings SET lease_until_ms = $until WHERE {Running} AND lease_owner = $owner RETURNING request_hash",
        row => row.Hash(0), ("$owner", lease.Owner.ToArray()), ("$until", Now + lease.Milliseconds)).ToImmutableArray());

    public Task ReleaseAsync(Id16 owner) => database.WriteAsync(session => session.Execute(
        $"UPDATE signings SET lease_owner = NULL, lease_until_ms = NULL WHERE {Running} AND lease_owner = $owner", ("$owner", owner.ToArray())));

    public Task<bool> FinishAsync(Hash32 request, Id16 owner, SigningOutcome outcome) => database.WriteAsync(session => session.Execute($"""
        UPDATE signings SET state = $state, result = $result, error_code = $code, error_detail = $detail, lease_owner = NULL, lease_until_ms = NULL, ended_ms = {SqliteSession.Now}
        WHERE request_hash = $request AND state = 'running' AND lease_owner = $owner
        """,
        ("$request", request.ToArray()), ("$owner", owner.ToArray()), ("$state", outcome.State.Word()), ("$result", outcome.Result),
        ("$code", outcome.Error?.Code), ("$detail", outcome.Error?.Detail)) == 1);

    public Task<bool> CloseAsync(Hash32 request, SigningOutcome outcome) => database.WriteAsync(session => SqliteApprovals.Close(session, request, outcome));

    public ValueTask<ImmutableArray<UnfinishedSigning>> UnfinishedAsync() => database.ReadAsync(session => session.All(
        $"SELECT {SigningRows.UnfinishedColumns} FROM signings WHERE state IN ('waiting', 'running')", SigningRows.ReadUnfinished).ToImmutableArray());

    public ValueTask<ImmutableArray<UnfinishedSigning>> AbandonedAsync(long now) => database.ReadAsync(session => session.All($"""
        SELECT {SigningRows.UnfinishedColumns} FROM signings WHERE {Running} AND (lease_until_ms IS NULL OR lease_until_ms <= $clock)
        UNION ALL SELECT {SigningRows.UnfinishedColumns} FROM signings WHERE state IN ('waiting', 'running') AND state = 'waiting' AND expires_ms < $now
        """, SigningRows.ReadUnfinished, ("$now", now), ("$clock", Now)).ToImmutableArray());

    public ValueTask<ImmutableArray<Hash32>> UnfinishedOfAsync(Hash32 group) => database.ReadAsync(session => session.All(
        "SELECT request_hash FROM signings WHERE state IN ('waiting', 'running') AND manifest_hash = $group", row => row.Hash(0), ("$group", group.ToArray())).ToImmutableArray());

    private Task<bool> TakeAsync(Hash32 request, int attempts, int more, Lease lease) => database.WriteAsync(session => session.Execute("""
        UPDATE signings SET attempts = attempts + $more, lease_owner = $owner, lease_until_ms = $until
        WHERE request_hash = $request AND state = 'running' AND attempts = $attempts AND (lease_owner IS NULL OR lease_owner = $owner OR lease_until_ms <= $now)
        """,
        ("$request", request.ToArray()), ("$attempts", (long)attempts), ("$more", (long)more), ("$owner", lease.Owner.ToArray()), ("$until", Now + lease.Milliseconds), ("$now", Now)) == 1);
}
