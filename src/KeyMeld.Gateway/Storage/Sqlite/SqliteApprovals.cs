using KeyMeld.Protocol.Errors;
using KeyMeld.Protocol.Ids;

namespace KeyMeld.Gateway.Storage.Sqlite;

/// <summary>What one decision changes, inside the writer's transaction: jobs run one after the other, so two decisions cannot both miss that they complete the rule.</summary>
internal static class SqliteApprovals
{
    public static AddedApproval Add(SqliteSession session, Hash32 request, StoredApproval approval, Func<IReadOnlyList<StoredApproval>, bool> complete, Lease lease, long now)
    {
        var before = SqliteSigningRows.Approvals(session, request);
        if (before.Exists(other => other.Statement.Statement.AsSpan().SequenceEqual(approval.Statement.Statement)))
        {
            return new AddedApproval(State(session, request), Stands: true, Started: false);
        }
        // The first decision of a kind stands; a later one of the same kind says nothing new.
        if (State(session, request).IsFinal() || before.Exists(other => other.Participant == approval.Participant && other.Approve == approval.Approve))
        {
            return new AddedApproval(State(session, request), Stands: false, Started: false);
        }
        session.Execute("INSERT INTO approvals (request_hash, participant, decision, statement, signature) VALUES ($request, $participant, $decision, $statement, $signature)",
            ("$request", request.ToArray()), ("$participant", (long)approval.Participant), ("$decision", approval.Approve ? "approve" : "reject"),
            ("$statement", approval.Statement.Statement), ("$signature", approval.Statement.Signatures));
        if (!approval.Approve)
        {
            Close(session, request, new SigningOutcome(SigningState.Rejected, null, new StoredError(ErrorCodes.Rejected, "A member rejected it.")));
            return new AddedApproval(SigningState.Rejected, Stands: true, Started: false);
        }
        var started = complete([.. before, approval]) && Start(session, request, lease, now);
        return new AddedApproval(State(session, request), Stands: true, started);
    }

    public static bool Close(SqliteSession session, Hash32 request, SigningOutcome outcome) => session.Execute($"""
        UPDATE signings SET state = $state, result = $result, error_code = $code, error_detail = $detail, lease_owner = NULL, lease_until_ms = NULL, ended_ms = {SqliteSession.Now}
        WHERE request_hash = $request AND state IN ('waiting', 'running')
        """,
        ("$request", request.ToArray()), ("$state", outcome.State.Word()), ("$result", outcome.Result),
        ("$code", outcome.Error?.Code), ("$detail", outcome.Error?.Detail)) == 1;

    private static bool Start(SqliteSession session, Hash32 request, Lease lease, long now) => session.Execute(
        "UPDATE signings SET state = 'running', attempts = 1, lease_owner = $owner, lease_until_ms = $until WHERE request_hash = $request AND state = 'waiting'",
        ("$request", request.ToArray()), ("$owner", lease.Owner.ToArray()), ("$until", now + lease.Milliseconds)) == 1;

    private static SigningState State(SqliteSession session, Hash32 request) => StateWords.Signing(
        session.First("SELECT state FROM signings WHERE request_hash = $request", row => row.Text(0), ("$request", request.ToArray()))
        ?? throw new KeyMeldException(ErrorCodes.NotFound, "There is no such signing."));
}
