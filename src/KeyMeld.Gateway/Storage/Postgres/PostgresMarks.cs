using KeyMeld.Gateway.Cluster;
using KeyMeld.Protocol.Ids;

namespace KeyMeld.Gateway.Storage.Postgres;

/// <summary>How something stands, as a text that is another one when it changed.</summary>
internal sealed record Mark(NewsKind Kind, Hash32 Id, string Text);

/// <summary>How much that is waited for stands, in one statement: whether there is something to look at, for little.</summary>
internal sealed class PostgresMarks(PostgresDatabase database)
{
    /// <param name="groups">Manifest hashes.</param>
    /// <param name="signings">D of signings.</param>
    /// <param name="rounds">D of signings whose rounds with members at home matter.</param>
    public ValueTask<List<Mark>> ReadAsync(IEnumerable<Hash32> groups, IEnumerable<Hash32> signings, IEnumerable<Hash32> rounds) => database.ReadAsync(session => session.AllAsync($"""
        SELECT 0::bigint, manifest_hash, state || (SELECT count(*) || ' ' || count(envelope) FROM registrations WHERE registrations.manifest_hash = groups.manifest_hash) FROM groups WHERE manifest_hash IN {Listed(1)}
        UNION ALL SELECT 1, request_hash, state FROM signings WHERE request_hash IN {Listed(2)}
        UNION ALL SELECT 2, request_hash, md5(snapshot) FROM signing_rounds WHERE request_hash IN {Listed(3)}
        UNION ALL SELECT 2, request_hash, md5(string_agg(concat_ws(' ', place, round, attempt, md5(blob)), ',')) FROM signing_round_posts WHERE request_hash IN {Listed(3)} GROUP BY request_hash
        """,
        row => new Mark(KindOf(row.Integer(0)), row.Hash(1), row.Text(2)), Text(groups), Text(signings), Text(rounds)));

    // The hashes as one text: this data source knows no arrays of bytes.
    private static string Listed(int parameter) => $"(SELECT decode(hash, 'hex') FROM unnest(string_to_array(${parameter}, ',')) AS hash)";

    private static string Text(IEnumerable<Hash32> ids) => string.Join(',', ids);

    private static NewsKind KindOf(long number) => number switch
    {
        0 => NewsKind.Group,
        1 => NewsKind.Signing,
        _ => NewsKind.Rounds,
    };
}
