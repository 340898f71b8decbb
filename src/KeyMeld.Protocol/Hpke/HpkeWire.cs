// protocol.md section 10: HPKE wire = 0x01 ‖ enc(65, uncompressed) ‖ ciphertext ‖ tag; info = "KeyMeld/v1/<purpose>".
using System.Security.Cryptography;

namespace KeyMeld.Protocol.Hpke;

/// <summary>What sealing and opening share.</summary>
internal static class HpkeWire
{
    public const byte Version = 1;
    public const int NonceSize = 12;
    public const int TagSize = 16;
    public const int Overhead = 1 + Dhkem.EncSize + TagSize;

    /// <summary>No plaintext of the protocol comes near it. It bounds what a stranger can make an opener allocate in locked memory.</summary>
    public const int LongestPlaintext = 1024;

    private const int KeySize = 32;

    /// <summary>The cipher and nonce of this shared secret and purpose.</summary>
    public static AesGcm CreateCipher(ReadOnlySpan<byte> sharedSecret, string purpose, Span<byte> nonce)
    {
        Span<byte> key = stackalloc byte[KeySize];
        try
        {
            HpkeKeySchedule.Derive(HpkeKeySchedule.Aes256Gcm, sharedSecret, System.Text.Encoding.ASCII.GetBytes("KeyMeld/v1/" + purpose), key, nonce);
            return new AesGcm(key, TagSize);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(key);
        }
    }
}
