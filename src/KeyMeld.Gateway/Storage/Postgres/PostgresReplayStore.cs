namespace KeyMeld.Gateway.Storage.Postgres;

/// <summary>
/// Used nonces, for all gateways of the database alike. When one is forgotten the database's clock says, and what that clock would forget is not taken any more: however the clocks of gateways differ, no call is
/// taken by one that another has taken and forgotten.
/// </summary>
internal sealed class PostgresReplayStore(PostgresDatabase database) : IReplayStore
{
    private const int CallsBetweenCleanings = 256;
    private int _calls;

    public async Task<bool> TryUseAsync(ReadOnlyMemory<byte> key, ReadOnlyMemory<byte> nonce, DateTimeOffset forgetAfter)
    {
        if (unchecked((uint)Interlocked.Increment(ref _calls)) % CallsBetweenCleanings == 0)
        {
            // Rows another gateway is about to delete are left to it: no deadlock, no waiting.
            await database.WriteAsync(session => session.ExecuteAsync($"""
                DELETE FROM replay_nonces WHERE ctid = ANY (ARRAY(
                    SELECT ctid FROM replay_nonces WHERE expires_ms < (SELECT {PostgresSession.Now}) ORDER BY expires_ms LIMIT 10000 FOR UPDATE SKIP LOCKED))
                """));
        }
        return await database.WriteAsync(async session => await session.ExecuteAsync(
            $"INSERT INTO replay_nonces (key, nonce, expires_ms) SELECT $1, $2, $3 WHERE $3 >= {PostgresSession.Now} ON CONFLICT DO NOTHING", key.ToArray(), nonce.ToArray(), forgetAfter.ToUnixTimeMilliseconds()) == 1);
    }
}
