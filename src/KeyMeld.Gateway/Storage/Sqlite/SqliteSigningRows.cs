using KeyMeld.Protocol.Ids;

namespace KeyMeld.Gateway.Storage.Sqlite;

/// <summary>One signing with its approvals.</summary>
internal static class SqliteSigningRows
{
    public static SigningRecord? Find(SqliteSession session, Hash32 request)
    {
        var record = session.First($"SELECT {SigningRows.SigningColumns} FROM signings WHERE request_hash = $request", row => SigningRows.ReadSigning(row, request), ("$request", request.ToArray()));
        return record is null ? null : record with { Approvals = [.. Approvals(session, request)] };
    }

    public static Hash32? GroupOf(SqliteSession session, Hash32 request) =>
        session.First("SELECT manifest_hash FROM signings WHERE request_hash = $request", row => new Found(row.Hash(0)), ("$request", request.ToArray()))?.Group;

    public static List<StoredApproval> Approvals(SqliteSession session, Hash32 request) => session.All(
        $"SELECT {SigningRows.ApprovalColumns} FROM approvals WHERE request_hash = $request ORDER BY participant, decision", SigningRows.ReadApproval, ("$request", request.ToArray()));

    private sealed record Found(Hash32 Group);
}
