using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Security.Cryptography;
using KeyMeld.Protocol.Ids;

namespace KeyMeld.Gateway.Storage.Postgres;

internal sealed class PostgresKeyStore(PostgresDatabase database) : IKeyStore
{
    public Task<AddedKey> AddAsync(NewKey key, int most) => database.WriteAsync(async session =>
    {
        // One auth's additions one after the other, so that each counts the ones before.
        session.Queue("SELECT pg_advisory_xact_lock($1)", BinaryPrimitives.ReadInt64BigEndian(SHA256.HashData([.. "owned keys"u8, .. key.Auth])));
        var added = await session.ExecuteAsync("""
            INSERT INTO owned_keys (key_hash, auth, key_id, created_ms, statement, signature, sealed, answer)
            SELECT $1, $2, $3, $4, $5, $6, $7, $8 WHERE (SELECT count(*) FROM owned_keys WHERE auth = $2) < $9 ON CONFLICT DO NOTHING
            """,
            key.Hash, key.Auth, key.Id, key.Created, key.Statement.Statement, key.Statement.Signatures, key.Sealed, key.Answer, most);
        return added == 1 ? AddedKey.Added
            : await session.ExistsAsync("SELECT 1 FROM owned_keys WHERE key_hash = $1", key.Hash) ? AddedKey.Repeated
            : await session.ExistsAsync("SELECT 1 FROM owned_keys WHERE auth = $1 AND key_id = $2", key.Auth, key.Id) ? AddedKey.Taken
            : AddedKey.TooMany;
    });

    public ValueTask<KeyRecord?> FindAsync(Hash32 key) => database.ReadAsync(session =>
        session.FirstAsync($"SELECT {KeyRows.Columns} FROM owned_keys WHERE key_hash = $1", KeyRows.Read, key));

    public ValueTask<Hash32?> FindByIdAsync(ReadOnlyMemory<byte> auth, Id16 id) => database.ReadAsync(async session =>
        await session.AllAsync("SELECT key_hash FROM owned_keys WHERE auth = $1 AND key_id = $2", row => row.Hash(0), auth.ToArray(), id) is [var hash] ? hash : (Hash32?)null);

    public ValueTask<ImmutableArray<KeyRecord>> ListAsync(ReadOnlyMemory<byte> auth) => database.ReadAsync(async session => (await session.AllAsync(
        $"SELECT {KeyRows.Columns} FROM owned_keys WHERE auth = $1 AND erase_hash IS NULL ORDER BY created_ms, key_hash", KeyRows.Read, auth.ToArray())).ToImmutableArray());

    public Task<bool> EraseAsync(Hash32 key, Hash32 statement) => database.WriteAsync(async session => await session.ExecuteAsync("""
        UPDATE owned_keys SET erase_hash = $2, statement = NULL, signature = NULL, sealed = NULL, answer = NULL
        WHERE key_hash = $1 AND erase_hash IS NULL
        """,
        key, statement) == 1);
}
