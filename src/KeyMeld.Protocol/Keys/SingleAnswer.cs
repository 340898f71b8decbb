// protocol.md section 10, "Answers": single-answer = the 64-byte signature, AES-GCM under HKDF(response secret, "KeyMeld/v1/single-answer").
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using KeyMeld.Protocol.Ids;
using KeyMeld.Protocol.Sessions;

namespace KeyMeld.Protocol.Keys;

/// <summary>How a single-signer key's signature comes back.</summary>
public static class SingleAnswer
{
    /// <summary>Bytes of the signature, BIP-340 or compact ECDSA.</summary>
    public const int SignatureSize = 64;

    private const string Label = "KeyMeld/v1/single-answer";

    /// <summary>Encrypts for the holder of the response secret.</summary>
    /// <param name="response">32 bytes from the sealed blob.</param>
    /// <param name="statement">SHA-256 of the single-sign statement.</param>
    /// <param name="signature">64 bytes.</param>
    public static byte[] Encrypt(ReadOnlySpan<byte> response, Hash32 statement, ReadOnlySpan<byte> signature)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(signature.Length, SignatureSize);
        Span<byte> key = stackalloc byte[KeyDerivation.KeySize];
        try
        {
            KeyDerivation.Derive(response, Label, key);
            return AesGcmWire.Encrypt(key, Aad.SingleAnswer(statement), signature);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(key);
        }
    }

    /// <summary>Opens an answer; the signature is still to be verified.</summary>
    public static bool TryOpen(ReadOnlySpan<byte> response, Hash32 statement, ReadOnlySpan<byte> wire, [NotNullWhen(true)] out byte[]? signature)
    {
        signature = null;
        Span<byte> key = stackalloc byte[KeyDerivation.KeySize];
        try
        {
            KeyDerivation.Derive(response, Label, key);
            return wire.Length == AesGcmWire.Overhead + SignatureSize && AesGcmWire.TryDecrypt(key, Aad.SingleAnswer(statement), wire, out signature);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(key);
        }
    }
}
