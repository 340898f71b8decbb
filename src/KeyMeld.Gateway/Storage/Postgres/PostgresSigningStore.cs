using System.Collections.Immutable;
using KeyMeld.Protocol.Ids;

namespace KeyMeld.Gateway.Storage.Postgres;

internal sealed class PostgresSigningStore(PostgresDatabase database) : ISigningStore
{
    public Task<AddedSigning> AddAsync(NewSigning signing, Lease? lease, int mostUnfinished) => database.WriteAsync(async session =>
    {
        // The group's additions one after the other, so that each counts the ones before.
        session.Queue("SELECT 1 FROM groups WHERE manifest_hash = $1 FOR NO KEY UPDATE", signing.Group);
        var added = await session.ExecuteAsync($"""
            INSERT INTO signings (request_hash, manifest_hash, signing_id, state, expires_ms, attempts, lease_owner, lease_until_ms, request, request_signature, items)
            SELECT $1, $2, $3, $4, $5, $6, $7, {PostgresSession.Now} + $8, $9, $10, $11
            WHERE (SELECT count(*) FROM signings WHERE manifest_hash = $2 AND state IN ('waiting', 'running')) < $12
              AND (SELECT count(*) FROM registrations WHERE manifest_hash = $2 AND envelope IS NULL) = $13 ON CONFLICT DO NOTHING
            """,
            signing.Request, signing.Group, signing.Signing, (lease is null ? SigningState.Waiting : SigningState.Running).Word(), signing.Expires, lease is null ? 0 : 1,
            lease?.Owner.ToArray(), lease?.Milliseconds, signing.Statement.Statement, signing.Statement.Signatures, signing.Items, mostUnfinished, signing.WithoutEnvelope);
        return added == 1 ? AddedSigning.Added
            : await session.ExistsAsync("SELECT 1 FROM signings WHERE request_hash = $1", signing.Request) ? AddedSigning.Repeated
            : await session.ExistsAsync("SELECT 1 FROM signings WHERE manifest_hash = $1 AND signing_id = $2", signing.Group, signing.Signing) ? AddedSigning.Taken
            : await session.ExistsAsync(
                "SELECT 1 WHERE (SELECT count(*) FROM registrations WHERE manifest_hash = $1 AND envelope IS NULL) <> $2", signing.Group, signing.WithoutEnvelope) ? AddedSigning.Changed
            : AddedSigning.TooMany;
    });

    public ValueTask<SigningRecord?> FindAsync(Hash32 request) => database.ReadSnapshotAsync(async session =>
    {
        var record = await session.FirstAsync($"SELECT {SigningRows.SigningColumns} FROM signings WHERE request_hash = $1", row => SigningRows.ReadSigning(row, request), request);
        return record is null ? null : record with { Approvals = [.. await PostgresApprovals.OfAsync(session, request)] };
    });

    public ValueTask<SigningState?> StateOfAsync(Hash32 request) => database.ReadAsync(async session =>
        await session.AllAsync("SELECT state FROM signings WHERE request_hash = $1", row => StateWords.Signing(row.Text(0)), request) is [var state] ? state : (SigningState?)null);

    public ValueTask<Hash32?> GroupOfAsync(Hash32 request) => database.ReadAsync(async session =>
        await session.AllAsync("SELECT manifest_hash FROM signings WHERE request_hash = $1", row => row.Hash(0), request) is [var group] ? group : (Hash32?)null);

    public Task<AddedApproval> AddApprovalAsync(Hash32 request, StoredApproval approval, Func<IReadOnlyList<StoredApproval>, bool> complete, Lease lease) =>
        database.WriteAsync(session => PostgresApprovals.AddAsync(session, request, approval, complete, lease));

    public Task<bool> ReserveAsync(Hash32 request, int attempts, Lease lease) => TakeAsync(request, attempts, 1, lease);

    public Task<bool> AdoptAsync(Hash32 request, int attempt, Lease lease) => TakeAsync(request, attempt, 0, lease);

    public Task<ImmutableArray<Hash32>> RenewAsync(Lease lease) => database.WriteAsync(async session => (await session.AllAsync(
        $"UPDATE signings SET lease_until_ms = {PostgresSession.Now} + $2 WHERE state = 'running' AND lease_owner = $1 RETURNING request_hash", row => row.Hash(0), lease.Owner, lease.Milliseconds)).ToImmutableArray());

    public Task ReleaseAsync(Id16 owner) => database.WriteAsync(session => session.ExecuteAsync(
        "UPDATE signings SET lease_owner = NULL, lease_until_ms = NULL WHERE state = 'running' AND lease_owner = $1", owner));

    public Task<bool> FinishAsync(Hash32 request, Id16 owner, SigningOutcome outcome) => database.WriteAsync(async session => await session.ExecuteAsync($"""
        UPDATE signings SET state = $3, result = $4, error_code = $5, error_detail = $6, lease_owner = NULL, lease_until_ms = NULL, ended_ms = {PostgresSession.Now}
        WHERE request_hash = $1 AND state = 'running' AND lease_owner = $2
        """,
        request, owner, outcome.State.Word(), outcome.Result, outcome.Error?.Code, outcome.Error?.Detail) == 1);

    public Task<bool> CloseAsync(Hash32 request, SigningOutcome outcome) => database.WriteAsync(session => PostgresApprovals.CloseAsync(session, request, outcome));

    public ValueTask<ImmutableArray<UnfinishedSigning>> UnfinishedAsync() => database.ReadAsync(async session => (await session.AllAsync(
        $"SELECT {SigningRows.UnfinishedColumns} FROM signings WHERE state IN ('waiting', 'running')", SigningRows.ReadUnfinished)).ToImmutableArray());

    public ValueTask<ImmutableArray<UnfinishedSigning>> AbandonedAsync(long now) => database.ReadAsync(async session => (await session.AllAsync($"""
        SELECT {SigningRows.UnfinishedColumns} FROM signings WHERE state IN ('waiting', 'running') AND state = 'running' AND (lease_until_ms IS NULL OR lease_until_ms <= {PostgresSession.Now})
        UNION ALL SELECT {SigningRows.UnfinishedColumns} FROM signings WHERE state IN ('waiting', 'running') AND state = 'waiting' AND expires_ms < $1
        """, SigningRows.ReadUnfinished, now)).ToImmutableArray());

    public ValueTask<ImmutableArray<Hash32>> UnfinishedOfAsync(Hash32 group) => database.ReadAsync(async session => (await session.AllAsync(
        "SELECT request_hash FROM signings WHERE state IN ('waiting', 'running') AND manifest_hash = $1", row => row.Hash(0), group)).ToImmutableArray());

    private Task<bool> TakeAsync(Hash32 request, int attempts, int more, Lease lease) => database.WriteAsync(async session => await session.ExecuteAsync($"""
        UPDATE signings SET attempts = attempts + $3, lease_owner = $4, lease_until_ms = {PostgresSession.Now} + $5
        WHERE request_hash = $1 AND state = 'running' AND attempts = $2 AND (lease_owner IS NULL OR lease_owner = $4 OR lease_until_ms <= {PostgresSession.Now})
        """,
        request, attempts, more, lease.Owner, lease.Milliseconds) == 1);
}
