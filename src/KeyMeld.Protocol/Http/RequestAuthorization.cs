// protocol.md section 9: the Authorization header of reading calls.
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;
using KeyMeld.Protocol.Encoding;
using KeyMeld.Protocol.Ids;
using KeyMeld.Secp256k1;

namespace KeyMeld.Protocol.Http;

/// <summary>
/// <c>Authorization: KeyMeld key=…,ts=…,nonce=…,sig=…</c>: BIP-340 by the caller's key over method, authority, target as sent, SHA-256 of the body, time and a nonce.
/// Parsing accepts this one form only. Whoever verifies still has to check that the key may read, and consume the nonce, after the signature.
/// </summary>
/// <param name="Key">The calling key.</param>
/// <param name="Timestamp">Unix milliseconds.</param>
/// <param name="Nonce">16 bytes, used once.</param>
/// <param name="Signature">BIP-340.</param>
public sealed record RequestAuthorization(XOnlyPublicKey Key, long Timestamp, Id16 Nonce, SchnorrSignature Signature)
{
    /// <summary>The scheme's name.</summary>
    public const string Scheme = "KeyMeld";

    /// <summary>How far the caller's clock may be off, either way, in milliseconds.</summary>
    public const long ToleranceMs = Limits.AuthorizationSkewMs;

    private const string Tag = "KeyMeld/v1/http";
    private const int TimestampDigits = 16;

    /// <summary>Lower-case host, with <c>:port</c> unless it is the scheme's default, of the gateway's public URL.</summary>
    public static string Authority(Uri url)
    {
        ArgumentNullException.ThrowIfNull(url);
        var host = url.IdnHost.ToLowerInvariant();
        host = url.HostNameType == UriHostNameType.IPv6 ? $"[{host.Trim('[', ']')}]" : host;
        return url.IsDefaultPort ? host : string.Create(CultureInfo.InvariantCulture, $"{host}:{url.Port}");
    }

    /// <summary>Makes the header's value, with a fresh nonce.</summary>
    /// <param name="method">As sent, for example GET.</param>
    /// <param name="authority">See <see cref="Authority"/>.</param>
    /// <param name="target">Path and query as sent.</param>
    /// <param name="body">The body's bytes; empty without one.</param>
    /// <param name="timestamp">Unix milliseconds.</param>
    /// <param name="key">The caller's.</param>
    public static string Sign(string method, string authority, string target, ReadOnlySpan<byte> body, long timestamp, SecretKey key)
    {
        ArgumentNullException.ThrowIfNull(key);
        var nonce = Id16.Random();
        return new RequestAuthorization(key.XOnlyPublicKey, timestamp, nonce, key.SignSchnorr(Digest(method, authority, target, body, timestamp, nonce).Bytes)).ToString();
    }

    /// <summary>Reads a header's value; false unless it is exactly of the form.</summary>
    public static bool TryParse([NotNullWhen(true)] string? header, [NotNullWhen(true)] out RequestAuthorization? authorization)
    {
        authorization = null;
        if (header is null || !header.StartsWith("KeyMeld key=", StringComparison.Ordinal) || header["KeyMeld ".Length..].Split(',') is not [var key, var ts, var nonce, var sig]
            || !ts.StartsWith("ts=", StringComparison.Ordinal) || !nonce.StartsWith("nonce=", StringComparison.Ordinal) || !sig.StartsWith("sig=", StringComparison.Ordinal))
        {
            return false;
        }
        Span<byte> bytes = stackalloc byte[SchnorrSignature.Size];
        if (!Hex.TryDecode(key.AsSpan(4), bytes[..XOnlyPublicKey.Size]) || !XOnlyPublicKey.TryParse(bytes[..XOnlyPublicKey.Size], out var caller)
            || !TryParseTimestamp(ts.AsSpan(3), out var timestamp) || !Id16.TryParse(nonce.AsSpan(6), out var once) || !Hex.TryDecode(sig.AsSpan(4), bytes))
        {
            return false;
        }
        authorization = new RequestAuthorization(caller, timestamp, once, SchnorrSignature.Parse(bytes));
        return true;
    }

    /// <summary>Whether the signature is by <see cref="Key"/> over this very call.</summary>
    /// <param name="method">As received.</param>
    /// <param name="authority">Of the gateway's own public URL, whatever the call says.</param>
    /// <param name="target">Path and query as received, before anything decodes them.</param>
    /// <param name="body">The body's bytes.</param>
    public bool Verify(string method, string authority, string target, ReadOnlySpan<byte> body)
    {
        try
        {
            return Key.Verify(Digest(method, authority, target, body, Timestamp, Nonce).Bytes, Signature);
        }
        catch (EncoderFallbackException)
        {
            return false; // a target that is no text was signed by nobody
        }
    }

    /// <summary>Whether the time is within the tolerance of <paramref name="now"/>, Unix milliseconds.</summary>
    public bool IsTimely(long now) => Math.Abs(now - Timestamp) <= ToleranceMs;

    /// <summary>The header's value.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Scheme} key={Key},ts={Timestamp},nonce={Nonce},sig={Signature}");

    internal static Hash32 Digest(string method, string authority, string target, ReadOnlySpan<byte> body, long timestamp, Id16 nonce)
    {
        using var encoder = new CborEncoder();
        encoder.Array(6).Text(method).Text(authority).Text(target).Hash(Hash32.Sha256(body)).Number(timestamp).Id(nonce);
        return Hash32.Tagged(Tag, encoder.Written);
    }

    private static bool TryParseTimestamp(ReadOnlySpan<char> text, out long timestamp)
    {
        timestamp = 0;
        return text.Length is > 0 and <= TimestampDigits && (text.Length == 1 || text[0] != '0') && text.IndexOfAnyExceptInRange('0', '9') < 0
            && long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out timestamp) && timestamp <= Limits.MaxTime;
    }
}
