// BIP-340, "Design": hash_name(x) = SHA256(SHA256(tag) || SHA256(tag) || x).
using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;

namespace KeyMeld.Secp256k1;

/// <summary>The tagged hash of BIP-340: SHA-256 in a domain of its own for every tag.</summary>
/// <remarks>Tags are constants of a program (their prefixes are kept for good); never make one from input.</remarks>
public static class TaggedHash
{
    /// <summary>The length of a hash: 32 bytes.</summary>
    public const int Size = 32;

    private const int StackLimit = 512;
    private static readonly ConcurrentDictionary<string, byte[]> s_prefixes = new(StringComparer.Ordinal);

    /// <summary>The 32-byte hash of <paramref name="data"/> under <paramref name="tag"/> (UTF-8).</summary>
    public static byte[] Compute(string tag, ReadOnlySpan<byte> data) => Compute(tag, data, []);

    /// <summary>The 32-byte hash of <paramref name="a"/> ‖ <paramref name="b"/> under <paramref name="tag"/> (UTF-8).</summary>
    public static byte[] Compute(string tag, ReadOnlySpan<byte> a, ReadOnlySpan<byte> b)
    {
        var hash = new byte[Size];
        Compute(tag, a, b, hash);
        return hash;
    }

    /// <summary>Writes the hash of <paramref name="data"/> under <paramref name="tag"/> to <paramref name="destination32"/>.</summary>
    /// <exception cref="ArgumentException"><paramref name="destination32"/> is not 32 bytes long.</exception>
    public static void Compute(string tag, ReadOnlySpan<byte> data, Span<byte> destination32) => Compute(tag, data, [], destination32);

    /// <summary>Writes the hash of <paramref name="a"/> ‖ <paramref name="b"/> under <paramref name="tag"/> to <paramref name="destination32"/>.</summary>
    /// <exception cref="ArgumentException"><paramref name="destination32"/> is not 32 bytes long.</exception>
    public static void Compute(string tag, ReadOnlySpan<byte> a, ReadOnlySpan<byte> b, Span<byte> destination32)
    {
        ArgumentException.ThrowIfNullOrEmpty(tag);
        Require.Length(destination32, Size);
        var prefix = s_prefixes.GetOrAdd(tag, Prefix);
        var length = prefix.Length + a.Length + b.Length;
        if (length > StackLimit)
        {
            ComputeLong(prefix, a, b, destination32);
            return;
        }
        Span<byte> buffer = stackalloc byte[StackLimit];
        buffer = buffer[..length];
        prefix.CopyTo(buffer);
        a.CopyTo(buffer[prefix.Length..]);
        b.CopyTo(buffer[(prefix.Length + a.Length)..]);
        SHA256.HashData(buffer, destination32);
        CryptographicOperations.ZeroMemory(buffer); // the data may be secret
    }

    private static void ComputeLong(byte[] prefix, ReadOnlySpan<byte> a, ReadOnlySpan<byte> b, Span<byte> destination32)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(prefix);
        hash.AppendData(a);
        hash.AppendData(b);
        hash.GetHashAndReset(destination32);
    }

    private static byte[] Prefix(string tag)
    {
        var hash = SHA256.HashData(Encoding.UTF8.GetBytes(tag));
        return [.. hash, .. hash];
    }
}
