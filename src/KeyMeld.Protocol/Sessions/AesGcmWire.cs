// protocol.md section 10: every AES-GCM wire but HPKE's = 0x01 ‖ nonce(12) ‖ ciphertext ‖ tag(16).
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using KeyMeld.Secp256k1;

namespace KeyMeld.Protocol.Sessions;

/// <summary>AES-256-GCM with a random nonce in front.</summary>
public static class AesGcmWire
{
    /// <summary>Bytes that the wire adds to the plaintext.</summary>
    public const int Overhead = 1 + NonceSize + TagSize;

    // Bounds what a stranger can make a caller allocate in locked memory.
    private const int LongestSecret = 1024;

    internal const byte Version = 1;
    internal const int NonceSize = 12;
    internal const int TagSize = 16;

    /// <summary>Encrypts under a fresh random nonce.</summary>
    /// <param name="key">32 bytes.</param>
    /// <param name="aad">Additional authenticated data.</param>
    /// <param name="plaintext">Any length.</param>
    public static byte[] Encrypt(ReadOnlySpan<byte> key, ReadOnlySpan<byte> aad, ReadOnlySpan<byte> plaintext)
    {
        Span<byte> nonce = stackalloc byte[NonceSize];
        SecureRandom.Fill(nonce);
        return Encrypt(key, nonce, aad, plaintext);
    }

    /// <summary>Decrypts something that is not a key.</summary>
    /// <param name="key">32 bytes.</param>
    /// <param name="aad">Additional authenticated data.</param>
    /// <param name="wire">The whole wire.</param>
    /// <param name="plaintext">The plaintext, where the wire is intact and made for this key and aad.</param>
    public static bool TryDecrypt(ReadOnlySpan<byte> key, ReadOnlySpan<byte> aad, ReadOnlySpan<byte> wire, [NotNullWhen(true)] out byte[]? plaintext)
    {
        plaintext = null;
        if (!IsWire(wire))
        {
            return false;
        }
        var buffer = new byte[wire.Length - Overhead];
        plaintext = TryDecryptInto(key, aad, wire, buffer) ? buffer : null;
        return plaintext is not null;
    }

    /// <summary>Decrypts a secret, straight into locked memory.</summary>
    /// <param name="key">32 bytes.</param>
    /// <param name="aad">Additional authenticated data.</param>
    /// <param name="wire">The whole wire; its plaintext is 1 to 1,024 bytes.</param>
    /// <param name="plaintext">The secret, where the wire is intact and made for this key and aad.</param>
    public static bool TryDecryptSecret(ReadOnlySpan<byte> key, ReadOnlySpan<byte> aad, ReadOnlySpan<byte> wire, [NotNullWhen(true)] out SecretBytes? plaintext)
    {
        plaintext = null;
        if (!IsWire(wire) || wire.Length - Overhead is 0 or > LongestSecret)
        {
            return false;
        }
        var secret = SecretBytes.Allocate(wire.Length - Overhead);
        if (!TryDecryptInto(key, aad, wire, secret.Writable))
        {
            secret.Dispose();
            return false;
        }
        plaintext = secret;
        return true;
    }

    // Callers other than Encrypt: tests, which reproduce vectors.
    internal static byte[] Encrypt(ReadOnlySpan<byte> key, ReadOnlySpan<byte> nonce, ReadOnlySpan<byte> aad, ReadOnlySpan<byte> plaintext)
    {
        var wire = new byte[Overhead + plaintext.Length];
        wire[0] = Version;
        nonce.CopyTo(wire.AsSpan(1, NonceSize));
        using var aes = new AesGcm(key, TagSize);
        aes.Encrypt(nonce, plaintext, wire.AsSpan(1 + NonceSize, plaintext.Length), wire.AsSpan(wire.Length - TagSize), aad);
        return wire;
    }

    private static bool IsWire(ReadOnlySpan<byte> wire) => wire.Length >= Overhead && wire[0] == Version;

    private static bool TryDecryptInto(ReadOnlySpan<byte> key, ReadOnlySpan<byte> aad, ReadOnlySpan<byte> wire, Span<byte> plaintext)
    {
        using var aes = new AesGcm(key, TagSize);
        try
        {
            aes.Decrypt(wire.Slice(1, NonceSize), wire[(1 + NonceSize)..^TagSize], wire[^TagSize..], plaintext, aad);
            return true;
        }
        catch (AuthenticationTagMismatchException)
        {
            return false;
        }
    }
}
