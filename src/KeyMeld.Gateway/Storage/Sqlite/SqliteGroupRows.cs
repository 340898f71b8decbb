using KeyMeld.Protocol.Ids;

namespace KeyMeld.Gateway.Storage.Sqlite;

/// <summary>One group out of its four tables.</summary>
internal static class SqliteGroupRows
{
    public static GroupRecord? Find(SqliteSession session, Hash32 group)
    {
        var hash = ("$group", (object?)group.ToArray());
        var record = session.First($"SELECT {GroupRows.GroupColumns} FROM groups WHERE manifest_hash = $group", row => GroupRows.ReadGroup(row, group), hash);
        return record is null ? null : record with
        {
            SessionSecrets = [.. session.All("SELECT sealed FROM group_session_secrets WHERE manifest_hash = $group ORDER BY enclave", row => row.Blob(0), hash)],
            Registrations =
            [
                .. session.All($"SELECT {GroupRows.RegistrationColumns} FROM registrations WHERE manifest_hash = $group ORDER BY participant", GroupRows.ReadRegistration, hash),
            ],
            Receipts = [.. session.All("SELECT enclave, signature FROM receipts WHERE manifest_hash = $group ORDER BY enclave", GroupRows.ReadReceipt, hash)],
        };
    }
}
