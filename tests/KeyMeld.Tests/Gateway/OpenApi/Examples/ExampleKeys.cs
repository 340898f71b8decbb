using System.Security.Cryptography;
using System.Text;
using KeyMeld.Protocol.Http;
using KeyMeld.Protocol.Ids;
using KeyMeld.Protocol.Statements;
using KeyMeld.Secp256k1;
using KeyMeld.Tests.Gateway.Support;

namespace KeyMeld.Tests.Gateway.OpenApi.Examples;

/// <summary>Keys, ids and bytes that come from words, so that the examples are the same each time they are made. They are public and of no other use.</summary>
internal static class ExampleKeys
{
    /// <summary>The time of all examples: far enough away that no real clock comes by.</summary>
    public static readonly DateTimeOffset Now = new(2100, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public static SecretKey Key(string word) => SecretKey.Import(Bytes("key " + word, 32));

    public static Id16 Id(string word) => new(Bytes("id " + word, Id16.Size));

    public static byte[] Bytes(string word, int count) => HKDF.DeriveKey(HashAlgorithmName.SHA256, Encoding.UTF8.GetBytes("keymeld api example: " + word), count);

    /// <summary>Bytes of the size and with the first byte of a sealed blob.</summary>
    public static byte[] Wire(string word, int count) => [0x01, .. Bytes("wire " + word, count - 1)];

    public static Signed<T> Sign<T>(T value, params SecretKey[] keys)
        where T : class, IStatement<T>
    {
        var bytes = value.Encode();
        var digest = StatementDigest.Of(T.Type, bytes);
        return new Signed<T>(new SignedStatement(bytes, [.. keys.Select(key => key.SignSchnorr(digest.Bytes, new byte[32]))]), value, digest);
    }

    public static string Authorize(long now, string method, string target, byte[] body, SecretKey reader, string nonce)
    {
        var digest = RequestAuthorization.Digest(method, TestGateway.Authority, target, body, now, Id(nonce));
        return new RequestAuthorization(reader.XOnlyPublicKey, now, Id(nonce), reader.SignSchnorr(digest.Bytes, new byte[32])).ToString();
    }
}

/// <summary>The gateway's clock while examples are made or replayed: it stands still, timers run.</summary>
internal sealed class ExampleClock : TimeProvider
{
    public override DateTimeOffset GetUtcNow() => ExampleKeys.Now;
}
