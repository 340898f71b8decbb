using KeyMeld.Protocol.Errors;
using KeyMeld.Protocol.Ids;

namespace KeyMeld.Gateway.Storage.Postgres;

/// <summary>What one decision changes: its signing's row is locked first, so two decisions cannot both miss that they complete the rule.</summary>
internal static class PostgresApprovals
{
    public static async Task<AddedApproval> AddAsync(
        PostgresSession session, Hash32 request, StoredApproval approval, Func<IReadOnlyList<StoredApproval>, bool> complete, Lease lease)
    {
        var word = await session.FirstAsync("SELECT state FROM signings WHERE request_hash = $1 FOR UPDATE", row => row.Text(0), request)
            ?? throw new KeyMeldException(ErrorCodes.NotFound, "There is no such signing.");
        var state = StateWords.Signing(word);
        var before = await OfAsync(session, request);
        if (before.Exists(other => other.Statement.Statement.AsSpan().SequenceEqual(approval.Statement.Statement)))
        {
            return new AddedApproval(state, Stands: true, Started: false);
        }
        // The first decision of a kind stands; a later one of the same kind says nothing new.
        if (state.IsFinal() || before.Exists(other => other.Participant == approval.Participant && other.Approve == approval.Approve))
        {
            return new AddedApproval(state, Stands: false, Started: false);
        }
        session.Queue("INSERT INTO approvals (request_hash, participant, decision, statement, signature) VALUES ($1, $2, $3, $4, $5)",
            request, approval.Participant, approval.Approve ? "approve" : "reject", approval.Statement.Statement, approval.Statement.Signatures);
        if (!approval.Approve)
        {
            await CloseAsync(session, request, new SigningOutcome(SigningState.Rejected, null, new StoredError(ErrorCodes.Rejected, "A member rejected it.")));
            return new AddedApproval(SigningState.Rejected, Stands: true, Started: false);
        }
        var starts = state == SigningState.Waiting && complete([.. before, approval]);
        if (starts)
        {
            session.Queue($"UPDATE signings SET state = 'running', attempts = 1, lease_owner = $2, lease_until_ms = {PostgresSession.Now} + $3 WHERE request_hash = $1", request, lease.Owner, lease.Milliseconds);
        }
        return new AddedApproval(starts ? SigningState.Running : state, Stands: true, starts);
    }

    public static async Task<bool> CloseAsync(PostgresSession session, Hash32 request, SigningOutcome outcome) => await session.ExecuteAsync($"""
        UPDATE signings SET state = $2, result = $3, error_code = $4, error_detail = $5, lease_owner = NULL, lease_until_ms = NULL, ended_ms = {PostgresSession.Now}
        WHERE request_hash = $1 AND state IN ('waiting', 'running')
        """,
        request, outcome.State.Word(), outcome.Result, outcome.Error?.Code, outcome.Error?.Detail) == 1;

    public static Task<List<StoredApproval>> OfAsync(PostgresSession session, Hash32 request) => session.AllAsync(
        $"SELECT {SigningRows.ApprovalColumns} FROM approvals WHERE request_hash = $1 ORDER BY participant, decision", SigningRows.ReadApproval, request);
}
