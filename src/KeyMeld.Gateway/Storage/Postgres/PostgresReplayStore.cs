namespace KeyMeld.Gateway.Storage.Postgres;

/// <summary>Used nonces, for all gateways of the database alike.</summary>
internal sealed class PostgresReplayStore(PostgresDatabase database, TimeProvider time) : IReplayStore
{
    private const int CallsBetweenCleanings = 256;
    private int _calls;

    public async Task<bool> TryUseAsync(ReadOnlyMemory<byte> key, ReadOnlyMemory<byte> nonce, DateTimeOffset forgetAfter)
    {
        if (unchecked((uint)Interlocked.Increment(ref _calls)) % CallsBetweenCleanings == 0)
        {
            // Rows another gateway is about to delete are left to it: no deadlock, no waiting.
            await database.WriteAsync(session => session.ExecuteAsync("""
                DELETE FROM replay_nonces WHERE (key, nonce) IN (SELECT key, nonce FROM replay_nonces WHERE expires_ms < $1 LIMIT 10000 FOR UPDATE SKIP LOCKED)
                """,
                time.GetUtcNow().ToUnixTimeMilliseconds()));
        }
        return await database.WriteAsync(async session => await session.ExecuteAsync(
            "INSERT INTO replay_nonces (key, nonce, expires_ms) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING", key.ToArray(), nonce.ToArray(), forgetAfter.ToUnixTimeMilliseconds()) == 1);
    }
}
