// Wallet import format: base58check (double SHA-256, four bytes) of 0x80 (mainnet) or 0xef (testnet), 32 secret bytes and, where the public key is compressed, 0x01.
using System.Security.Cryptography;

namespace KeyMeld.Client;

internal static class Wif
{
    private const int ChecksumLength = 4;
    private const int Uncompressed = 1 + 32 + ChecksumLength;
    private const int Compressed = Uncompressed + 1;

    private static ReadOnlySpan<byte> Alphabet => "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"u8;

    /// <summary>Decodes WIF into 32 secret bytes.</summary>
    /// <returns>Null, or why it is not WIF.</returns>
    public static string? Complaint(ReadOnlySpan<byte> text, Span<byte> secret)
    {
        if (text.Length is < 50 or > 52)
        {
            return "It is neither 64 hex digits nor WIF.";
        }
        Span<byte> decoded = stackalloc byte[Compressed];
        try
        {
            var payload = DecodeBase58(text, decoded);
            if (payload.IsEmpty)
            {
                return "It holds a character that is not base58, or is too long for WIF.";
            }
            var complaint = Check(payload);
            if (complaint is null)
            {
                payload.Slice(1, 32).CopyTo(secret);
            }
            return complaint;
        }
        finally
        {
            CryptographicOperations.ZeroMemory(decoded);
        }
    }

    private static string? Check(ReadOnlySpan<byte> payload)
    {
        if (payload.Length is not (Uncompressed or Compressed))
        {
            return "It has not the length of WIF.";
        }
        Span<byte> digest = stackalloc byte[32];
        SHA256.HashData(payload[..^ChecksumLength], digest);
        SHA256.HashData(digest, digest);
        if (!digest[..ChecksumLength].SequenceEqual(payload[^ChecksumLength..]))
        {
            return "Its checksum is wrong: a character was changed.";
        }
        return (payload[0] is 0x80 or 0xef) && (payload.Length == Uncompressed || payload[33] == 1) ? null : "It is base58check, but of something other than a secret key.";
    }

    /// <summary>The decoded bytes at the end of <paramref name="buffer"/>; empty when the text is no base58 or too large. No leading zeros: WIF has none.</summary>
    private static ReadOnlySpan<byte> DecodeBase58(ReadOnlySpan<byte> text, Span<byte> buffer)
    {
        buffer.Clear();
        foreach (var character in text)
        {
            var carry = Alphabet.IndexOf(character);
            if (carry < 0)
            {
                return default;
            }
            for (var i = buffer.Length - 1; i >= 0; i--)
            {
                carry += 58 * buffer[i];
                buffer[i] = (byte)(carry & 0xff);
                carry >>= 8;
            }
            if (carry != 0)
            {
                return default;
            }
        }
        return buffer.TrimStart((byte)0);
    }
}
