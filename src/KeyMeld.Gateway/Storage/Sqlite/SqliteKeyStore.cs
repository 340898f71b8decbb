using System.Collections.Immutable;
using KeyMeld.Protocol.Ids;

namespace KeyMeld.Gateway.Storage.Sqlite;

internal sealed class SqliteKeyStore(SqliteDatabase database) : IKeyStore
{
    public Task<AddedKey> AddAsync(NewKey key, int most) => database.WriteAsync(session =>
    {
        if (session.Exists("SELECT 1 FROM owned_keys WHERE key_hash = $key", ("$key", key.Hash.ToArray())))
        {
            return AddedKey.Repeated;
        }
        if (session.Exists("SELECT 1 FROM owned_keys WHERE auth = $auth AND key_id = $id", ("$auth", key.Auth), ("$id", key.Id.ToArray())))
        {
            return AddedKey.Taken;
        }
        return session.Execute("""
            INSERT INTO owned_keys (key_hash, auth, key_id, created_ms, statement, signature, sealed, answer)
            SELECT $key, $auth, $id, $created, $statement, $signature, $sealed, $answer WHERE (SELECT count(*) FROM owned_keys WHERE auth = $auth) < $most
            """,
            ("$key", key.Hash.ToArray()), ("$auth", key.Auth), ("$id", key.Id.ToArray()), ("$created", key.Created), ("$statement", key.Statement.Statement),
            ("$signature", key.Statement.Signatures), ("$sealed", key.Sealed), ("$answer", key.Answer), ("$most", (long)most)) == 1 ? AddedKey.Added : AddedKey.TooMany;
    });

    public ValueTask<KeyRecord?> FindAsync(Hash32 key) => database.ReadAsync(session =>
        session.First($"SELECT {KeyRows.Columns} FROM owned_keys WHERE key_hash = $key", KeyRows.Read, ("$key", key.ToArray())));

    public ValueTask<Hash32?> FindByIdAsync(ReadOnlyMemory<byte> auth, Id16 id) => database.ReadAsync(session =>
        session.First($"SELECT {KeyRows.Columns} FROM owned_keys WHERE auth = $auth AND key_id = $id", KeyRows.Read, ("$auth", auth.ToArray()), ("$id", id.ToArray()))?.Hash);

    public ValueTask<ImmutableArray<KeyRecord>> ListAsync(ReadOnlyMemory<byte> auth) => database.ReadAsync(session =>
        session.All($"SELECT {KeyRows.Columns} FROM owned_keys WHERE auth = $auth AND erase_hash IS NULL ORDER BY created_ms, key_hash", KeyRows.Read, ("$auth", auth.ToArray())).ToImmutableArray());

    public async Task<bool> EraseAsync(Hash32 key, Hash32 statement)
    {
        var erased = await database.WriteAsync(session => session.Execute("""
            UPDATE owned_keys SET erase_hash = $statement, statement = NULL, signature = NULL, sealed = NULL, answer = NULL
            WHERE key_hash = $key AND erase_hash IS NULL
            """,
            ("$key", key.ToArray()), ("$statement", statement.ToArray())) == 1);
        await database.CheckpointAsync();
        return erased;
    }
}
