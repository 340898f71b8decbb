using System.Collections.Immutable;
using KeyMeld.Protocol.Ids;

namespace KeyMeld.Gateway.Storage.Postgres;

internal sealed class PostgresRetirementStore(PostgresDatabase database) : IRetirementStore
{
    public ValueTask<ImmutableArray<StoredEnclave>> EnclavesAsync() => database.ReadAsync(async session => (await session.AllAsync(RetirementRows.Enclaves, RetirementRows.Read)).ToImmutableArray());

    public Task<long?> RetireAsync(uint enclave, long groupsLost, long keysLost) => database.WriteAsync(async session =>
    {
        session.Queue($"""
            INSERT INTO enclave_retirements (enclave_id, retired_ms, groups_lost, keys_lost)
            SELECT enclave_id, {PostgresSession.Now}, $2, $3 FROM {SealedKeyRows.Newest} WHERE enclave_id = $1 ON CONFLICT DO NOTHING
            """, (long)enclave, groupsLost, keysLost);
        return await session.AllAsync("SELECT retired_ms FROM enclave_retirements WHERE enclave_id = $1", row => row.OptionalInteger(0), (long)enclave) is [var at] ? at : null;
    });

    public Task<bool> UndoAsync(uint enclave) => database.WriteAsync(async session => await session.ExecuteAsync("DELETE FROM enclave_retirements WHERE enclave_id = $1", (long)enclave) == 1);

    public ValueTask<ImmutableArray<StoredUse>> GroupsAsync(Hash32 after, int most) => UsesAsync(RetirementRows.Groups("$1", "$2"), after, most);

    public ValueTask<ImmutableArray<StoredUse>> KeysAsync(Hash32 after, int most) => UsesAsync(RetirementRows.Keys("$1", "$2"), after, most);

    private ValueTask<ImmutableArray<StoredUse>> UsesAsync(string sql, Hash32 after, int most) =>
        database.ReadAsync(async session => (await session.AllAsync(sql, RetirementRows.ReadUse, after, (long)most)).ToImmutableArray());
}
