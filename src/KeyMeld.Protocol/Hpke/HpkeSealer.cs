using System.Security.Cryptography;
using KeyMeld.Secp256k1;

namespace KeyMeld.Protocol.Hpke;

/// <summary>Encrypts to an enclave's identity key (RFC 9180 base mode, one message).</summary>
public static class HpkeSealer
{
    /// <summary>Bytes that the wire adds to the plaintext.</summary>
    public const int Overhead = HpkeWire.Overhead;

    /// <summary>Seals for one recipient under a fresh ephemeral key.</summary>
    /// <param name="recipient">The enclave's identity key, which the caller verified.</param>
    /// <param name="purpose">One of <see cref="Sessions.Purposes"/>.</param>
    /// <param name="aad">From <see cref="Sessions.Aad"/>, for that purpose.</param>
    /// <param name="plaintext">The secret, at most 1,024 bytes.</param>
    /// <returns>The wire: 0x01 ‖ enc ‖ ciphertext ‖ tag.</returns>
    public static byte[] Seal(PublicKey recipient, string purpose, ReadOnlySpan<byte> aad, ReadOnlySpan<byte> plaintext)
    {
        using var ephemeral = SecretKey.Generate();
        return Seal(ephemeral, recipient, purpose, aad, plaintext);
    }

    internal static byte[] Seal(SecretKey ephemeral, PublicKey recipient, string purpose, ReadOnlySpan<byte> aad, ReadOnlySpan<byte> plaintext)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(plaintext.Length, HpkeWire.LongestPlaintext);
        var wire = new byte[Overhead + plaintext.Length];
        wire[0] = HpkeWire.Version;
        Span<byte> nonce = stackalloc byte[HpkeWire.NonceSize];
        Span<byte> sharedSecret = stackalloc byte[HpkeLabels.HashSize];
        try
        {
            Dhkem.Encapsulate(ephemeral, recipient, wire.AsSpan(1, Dhkem.EncSize), sharedSecret);
            using var cipher = HpkeWire.CreateCipher(sharedSecret, purpose, nonce);
            cipher.Encrypt(nonce, plaintext, wire.AsSpan(1 + Dhkem.EncSize, plaintext.Length), wire.AsSpan(wire.Length - HpkeWire.TagSize), aad);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(sharedSecret);
        }
        return wire;
    }
}
