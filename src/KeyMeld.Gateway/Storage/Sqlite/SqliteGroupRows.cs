using KeyMeld.Protocol.Ids;
using Microsoft.Data.Sqlite;

namespace KeyMeld.Gateway.Storage.Sqlite;

/// <summary>One group out of its four tables.</summary>
internal static class SqliteGroupRows
{
    public static GroupRecord? Find(SqliteSession session, Hash32 group)
    {
        var hash = ("$group", (object?)group.ToArray());
        var record = session.First(
            "SELECT state, manifest, manifest_signature, terms, roster_hash, error_code, error_detail, erase_hash FROM groups WHERE manifest_hash = $group", row => ReadGroup(row, group), hash);
        return record is null ? null : record with
        {
            SessionSecrets = [.. session.All("SELECT sealed FROM group_session_secrets WHERE manifest_hash = $group ORDER BY enclave", row => row.Blob(0), hash)],
            Registrations =
            [
                .. session.All("SELECT participant, statement_hash, statement, signatures, envelope FROM registrations WHERE manifest_hash = $group ORDER BY participant", ReadRegistration, hash),
            ],
            Receipts =
            [
                .. session.All("SELECT enclave, signature FROM receipts WHERE manifest_hash = $group ORDER BY enclave", row => new StoredReceipt((int)row.Number(0), row.Blob(1)), hash),
            ],
        };
    }

    public static StoredStatement? OptionalStatement(this SqliteDataReader row, int statement, int signatures) =>
        row.OptionalBlob(statement) is { } bytes ? new StoredStatement(bytes, row.Blob(signatures)) : null;

    public static StoredError? OptionalError(this SqliteDataReader row, int code, int detail) =>
        row.OptionalText(code) is { } text ? new StoredError(text, row.OptionalText(detail) ?? "") : null;

    private static GroupRecord ReadGroup(SqliteDataReader row, Hash32 group) => new(
        group,
        StateWords.Group(row.Text(0)),
        row.OptionalStatement(1, 2),
        row.OptionalBlob(3),
        [],
        [],
        [],
        row.OptionalHash(4),
        row.OptionalError(5, 6),
        row.OptionalHash(7));

    private static StoredRegistration ReadRegistration(SqliteDataReader row) =>
        new((int)row.Number(0), row.Hash(1), row.OptionalStatement(2, 3), row.OptionalBlob(4));
}
