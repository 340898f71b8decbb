using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using KeyMeld.Secp256k1;

namespace KeyMeld.Protocol.Hpke;

/// <summary>Opens what was encrypted to an enclave's identity key.</summary>
public static class HpkeOpener
{
    /// <summary>Opens a wire, straight into locked memory.</summary>
    /// <param name="recipient">The identity key.</param>
    /// <param name="purpose">One of <see cref="Sessions.Purposes"/>.</param>
    /// <param name="aad">From <see cref="Sessions.Aad"/>, for that purpose.</param>
    /// <param name="wire">The whole wire; its plaintext is 1 to 1,024 bytes.</param>
    /// <param name="plaintext">The secret, where the wire is intact and made for this key, purpose and aad. Why it is not is not told.</param>
    public static bool TryOpen(SecretKey recipient, string purpose, ReadOnlySpan<byte> aad, ReadOnlySpan<byte> wire, [NotNullWhen(true)] out SecretBytes? plaintext)
    {
        plaintext = null;
        var length = wire.Length - HpkeWire.Overhead;
        if (length is <= 0 or > HpkeWire.LongestPlaintext || wire[0] != HpkeWire.Version)
        {
            return false;
        }
        Span<byte> nonce = stackalloc byte[HpkeWire.NonceSize];
        Span<byte> sharedSecret = stackalloc byte[HpkeLabels.HashSize];
        var secret = SecretBytes.Allocate(length);
        try
        {
            if (!Dhkem.TryDecapsulate(recipient, wire.Slice(1, Dhkem.EncSize), sharedSecret))
            {
                return false;
            }
            using var cipher = HpkeWire.CreateCipher(sharedSecret, purpose, nonce);
            cipher.Decrypt(nonce, wire.Slice(1 + Dhkem.EncSize, length), wire[^HpkeWire.TagSize..], secret.Writable, aad);
            plaintext = secret;
            return true;
        }
        catch (AuthenticationTagMismatchException)
        {
            return false;
        }
        finally
        {
            CryptographicOperations.ZeroMemory(sharedSecret);
            if (plaintext is null)
            {
                secret.Dispose();
            }
        }
    }
}
