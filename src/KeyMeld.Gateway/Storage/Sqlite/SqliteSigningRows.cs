using KeyMeld.Protocol.Ids;
using Microsoft.Data.Sqlite;

namespace KeyMeld.Gateway.Storage.Sqlite;

/// <summary>One signing with its approvals.</summary>
internal static class SqliteSigningRows
{
    public static SigningRecord? Find(SqliteSession session, Hash32 request)
    {
        var record = session.First("""
            SELECT manifest_hash, state, expires_ms, attempts, request, request_signature, items, result, error_code, error_detail FROM signings WHERE request_hash = $request
            """,
            row => Read(row, request), ("$request", request.ToArray()));
        return record is null ? null : record with { Approvals = [.. Approvals(session, request)] };
    }

    public static Hash32? GroupOf(SqliteSession session, Hash32 request) =>
        session.First("SELECT manifest_hash FROM signings WHERE request_hash = $request", row => new Found(row.Hash(0)), ("$request", request.ToArray()))?.Group;

    public static List<StoredApproval> Approvals(SqliteSession session, Hash32 request) => session.All(
        "SELECT participant, decision, statement, signature FROM approvals WHERE request_hash = $request ORDER BY participant, decision",
        row => new StoredApproval((int)row.Number(0), row.Text(1) == "approve", new StoredStatement(row.Blob(2), row.Blob(3))), ("$request", request.ToArray()));

    private static SigningRecord Read(SqliteDataReader row, Hash32 request) => new(
        request,
        row.Hash(0),
        StateWords.Signing(row.Text(1)),
        row.Integer(2),
        (int)row.Number(3),
        new StoredStatement(row.Blob(4), row.Blob(5)),
        row.Blob(6),
        [],
        row.OptionalBlob(7),
        row.OptionalError(8, 9));

    private sealed record Found(Hash32 Group);
}
