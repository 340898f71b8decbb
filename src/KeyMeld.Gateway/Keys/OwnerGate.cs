using KeyMeld.Gateway.Http;
using KeyMeld.Gateway.Storage;
using KeyMeld.Protocol.Errors;
using KeyMeld.Protocol.Ids;
using KeyMeld.Protocol.Statements;
using KeyMeld.Secp256k1;

namespace KeyMeld.Gateway.Keys;

/// <summary>Finds a key for its owner. For everybody else it does not exist, and finding that out takes as long.</summary>
internal static class OwnerGate
{
    /// <summary>The key that a statement of its owner names.</summary>
    /// <param name="named">The key hash in the statement.</param>
    /// <exception cref="KeyMeldException">not_found: absent, another key's statement, or not signed by its owner.</exception>
    public static async ValueTask<(KeyRecord Record, Signed<T> Statement)> RequireAsync<T>(GatewayParts parts, Hash32 key, Unverified<T> statement, Hash32 named)
        where T : class, IStatement<T>
    {
        var record = await parts.KeyStore.FindAsync(key);
        var verified = EqualTime.Require(statement, record is null || named != key ? null : XOnlyPublicKey.Parse(record.Auth));
        return (record!, verified);
    }

    /// <summary>The key that its owner reads.</summary>
    /// <exception cref="KeyMeldException">not_found: absent, or another's.</exception>
    public static async ValueTask<KeyRecord> RequireAsync(GatewayParts parts, Hash32 key, XOnlyPublicKey reader) =>
        await parts.KeyStore.FindAsync(key) is { } record && reader.Bytes.SequenceEqual(record.Auth) ? record : throw Answers.Absent();

    /// <exception cref="KeyMeldException">erased.</exception>
    public static KeyMeldException Erased() => new(ErrorCodes.Erased, "This key was erased.");
}
