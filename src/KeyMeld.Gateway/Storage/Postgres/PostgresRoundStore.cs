using System.Collections.Immutable;
using Google.Protobuf;
using KeyMeld.Protocol.Ids;
using KeyMeld.Wire.V1;

namespace KeyMeld.Gateway.Storage.Postgres;

internal sealed class PostgresRoundStore(PostgresDatabase database) : IRoundStore
{
    private const int First = 1;
    private const int Second = 2;

    public Task WriteAsync(Hash32 request, byte[] snapshot) => database.WriteAsync(session => session.ExecuteAsync("""
        INSERT INTO signing_rounds (request_hash, snapshot) SELECT $1, $2 WHERE EXISTS (SELECT 1 FROM signings WHERE request_hash = $1 AND state = 'running')
        ON CONFLICT (request_hash) DO UPDATE SET snapshot = EXCLUDED.snapshot
        """,
        request, snapshot));

    public async Task<byte[]?> FindAsync(Hash32 request) => await database.ReadAsync(session =>
        session.FirstAsync("SELECT snapshot FROM signing_rounds WHERE request_hash = $1", row => row.Blob(0), request));

    public Task PostAsync(Hash32 request, int place, RoundBlob blob) => database.WriteAsync(session => session.ExecuteAsync("""
        INSERT INTO signing_round_posts (request_hash, place, round, attempt, blob)
        SELECT $1, $2, $3, $4, $5 WHERE EXISTS (SELECT 1 FROM signings WHERE request_hash = $1 AND state = 'running')
        ON CONFLICT (request_hash, place, round, attempt) DO UPDATE SET blob = EXCLUDED.blob
        """,
        request, place, blob.Tau.IsEmpty ? First : Second, (long)blob.Attempt, blob.ToByteArray()));

    public Task<ImmutableArray<(int Place, RoundBlob Blob)>> TakeAsync(Hash32 request) => database.WriteAsync(async session =>
    {
        var posts = await session.AllAsync(
            "DELETE FROM signing_round_posts WHERE request_hash = $1 RETURNING place, round, attempt, blob",
            row => (Place: (int)row.Number(0), Round: row.Number(1), Attempt: row.Number(2), Blob: RoundBlob.Parser.ParseFrom(row.Blob(3))), request);
        return posts.OrderBy(post => post.Attempt).ThenBy(post => post.Round).ThenBy(post => post.Place).Select(post => (post.Place, post.Blob)).ToImmutableArray();
    });

    // Asked of those that run, which are few, and not of those that have ended.
    public Task ClearEndedAsync() => database.WriteAsync(session =>
    {
        session.Queue("DELETE FROM signing_round_posts WHERE NOT EXISTS (SELECT 1 FROM signings WHERE signings.request_hash = signing_round_posts.request_hash AND state = 'running')");
        return session.ExecuteAsync("DELETE FROM signing_rounds WHERE NOT EXISTS (SELECT 1 FROM signings WHERE signings.request_hash = signing_rounds.request_hash AND state = 'running')");
    });
}
