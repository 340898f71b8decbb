// protocol.md section 10: HKDF(x, label) = HKDF-SHA256(ikm x, salt empty, info = ASCII label, 32 bytes). RFC 5869.
using System.Security.Cryptography;

namespace KeyMeld.Protocol.Sessions;

/// <summary>HKDF-SHA256 whose intermediate key does not outlive the call.</summary>
internal static class KeyDerivation
{
    public const int KeySize = 32;

    public static void Derive(ReadOnlySpan<byte> secret, string label, Span<byte> key) => Derive(secret, [], System.Text.Encoding.ASCII.GetBytes(label), key);

    public static void Derive(ReadOnlySpan<byte> secret, ReadOnlySpan<byte> salt, ReadOnlySpan<byte> info, Span<byte> key)
    {
        Span<byte> extracted = stackalloc byte[KeySize];
        try
        {
            HKDF.Extract(HashAlgorithmName.SHA256, secret, salt, extracted);
            HKDF.Expand(HashAlgorithmName.SHA256, extracted, key, info);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(extracted);
        }
    }
}
