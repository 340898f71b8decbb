namespace KeyMeld.Gateway.Storage.Sqlite;

/// <summary>Used nonces, kept over a restart for as long as the call they belong to could be replayed.</summary>
internal sealed class SqliteReplayStore(SqliteDatabase database, TimeProvider time) : IReplayStore
{
    private const int CallsBetweenCleanings = 256;
    private int _calls;

    public Task<bool> TryUseAsync(ReadOnlyMemory<byte> key, ReadOnlyMemory<byte> nonce, DateTimeOffset forgetAfter) => database.WriteAsync(session =>
    {
        // Jobs run one after the other: no interlock.
        _calls = (_calls + 1) % CallsBetweenCleanings;
        if (_calls == 0)
        {
            session.Execute("DELETE FROM replay_nonces WHERE expires_ms < $now", ("$now", time.GetUtcNow().ToUnixTimeMilliseconds()));
        }
        return session.Execute("INSERT INTO replay_nonces (key, nonce, expires_ms) VALUES ($key, $nonce, $expires) ON CONFLICT DO NOTHING",
            ("$key", key.ToArray()), ("$nonce", nonce.ToArray()), ("$expires", forgetAfter.ToUnixTimeMilliseconds())) == 1;
    });
}
