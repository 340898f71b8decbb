// protocol.md sections 5 and 10: self-sealing = AES-GCM under HKDF(identity secret, "KeyMeld/v1/self-seal"), plaintext secret(32), aad ["self-seal", B or KB].
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using KeyMeld.Protocol.Sessions;
using KeyMeld.Secp256k1;

namespace KeyMeld.Protocol.Keys;

/// <summary>How an enclave keeps a key it made: sealed to its own identity key.</summary>
public static class SelfSeal
{
    private const string Label = "KeyMeld/v1/self-seal";

    /// <summary>Seals a made secret.</summary>
    /// <param name="identity">The enclave's identity key.</param>
    /// <param name="binding">B or KB.</param>
    /// <param name="secret">32 bytes.</param>
    public static byte[] Seal(SecretKey identity, ReadOnlySpan<byte> binding, ReadOnlySpan<byte> secret)
    {
        Span<byte> key = stackalloc byte[KeyDerivation.KeySize];
        try
        {
            DeriveKey(identity, key);
            return AesGcmWire.Encrypt(key, Aad.SelfSeal(binding), secret);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(key);
        }
    }

    /// <summary>Opens what this identity key sealed for this binding.</summary>
    public static bool TryOpen(SecretKey identity, ReadOnlySpan<byte> binding, ReadOnlySpan<byte> wire, [NotNullWhen(true)] out SecretBytes? secret)
    {
        Span<byte> key = stackalloc byte[KeyDerivation.KeySize];
        try
        {
            DeriveKey(identity, key);
            return AesGcmWire.TryDecryptSecret(key, Aad.SelfSeal(binding), wire, out secret);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(key);
        }
    }

    private static void DeriveKey(SecretKey identity, Span<byte> key)
    {
        using var secret = identity.Export();
        KeyDerivation.Derive(secret.Span, Label, key);
    }
}
