using System.Data.Common;
using KeyMeld.Protocol.Ids;

namespace KeyMeld.Gateway.Storage;

/// <summary>A signing's rows, whatever database they are of.</summary>
internal static class SigningRows
{
    public const string SigningColumns = "manifest_hash, state, expires_ms, attempts, request, request_signature, items, result, error_code, error_detail";
    public const string ApprovalColumns = "participant, decision, statement, signature";
    public const string UnfinishedColumns = "request_hash, state, expires_ms, attempts";

    public static SigningRecord ReadSigning(DbDataReader row, Hash32 request) => new(
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

    public static StoredApproval ReadApproval(DbDataReader row) => new((int)row.Number(0), row.Text(1) == "approve", new StoredStatement(row.Blob(2), row.Blob(3)));

    public static UnfinishedSigning ReadUnfinished(DbDataReader row) => new(row.Hash(0), StateWords.Signing(row.Text(1)), row.Integer(2), (int)row.Number(3));
}
