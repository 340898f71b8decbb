using System.Collections.Immutable;
using KeyMeld.Protocol.Ids;

namespace KeyMeld.Gateway.Storage.Sqlite;

internal sealed class SqliteRetirementStore(SqliteDatabase database) : IRetirementStore
{
    public ValueTask<ImmutableArray<StoredEnclave>> EnclavesAsync() => database.ReadAsync(session => session.All(RetirementRows.Enclaves, RetirementRows.Read).ToImmutableArray());

    public Task<long?> RetireAsync(uint enclave, long groupsLost, long keysLost) => database.WriteAsync(session =>
    {
        session.Execute($"""
            INSERT INTO enclave_retirements (enclave_id, retired_ms, groups_lost, keys_lost)
            SELECT enclave_id, {SqliteSession.Now}, $groups, $keys FROM {SealedKeyRows.Newest} WHERE enclave_id = $enclave ON CONFLICT DO NOTHING
            """, ("$enclave", (long)enclave), ("$groups", groupsLost), ("$keys", keysLost));
        return session.All("SELECT retired_ms FROM enclave_retirements WHERE enclave_id = $enclave", row => row.OptionalInteger(0), ("$enclave", (long)enclave)) is [var at] ? at : null;
    });

    public Task<bool> UndoAsync(uint enclave) => database.WriteAsync(session => session.Execute("DELETE FROM enclave_retirements WHERE enclave_id = $enclave", ("$enclave", (long)enclave)) == 1);

    public ValueTask<ImmutableArray<StoredUse>> GroupsAsync(Hash32 after, int most) => UsesAsync(RetirementRows.Groups("$after", "$most"), after, most);

    public ValueTask<ImmutableArray<StoredUse>> KeysAsync(Hash32 after, int most) => UsesAsync(RetirementRows.Keys("$after", "$most"), after, most);

    private ValueTask<ImmutableArray<StoredUse>> UsesAsync(string sql, Hash32 after, int most) =>
        database.ReadAsync(session => session.All(sql, RetirementRows.ReadUse, ("$after", after.ToArray()), ("$most", (long)most)).ToImmutableArray());
}
