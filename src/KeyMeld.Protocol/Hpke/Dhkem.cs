// RFC 9180 section 4.1, DHKEM(secp256k1, HKDF-SHA256), KEM id 0x0016. Points are 65 bytes uncompressed inside HPKE; the Diffie-Hellman output is the raw x coordinate.
using System.Security.Cryptography;
using KeyMeld.Secp256k1;

namespace KeyMeld.Protocol.Hpke;

/// <summary>Both sides of the key encapsulation.</summary>
internal static class Dhkem
{
    public const ushort Id = 0x0016;
    public const int EncSize = PublicKey.UncompressedSize;

    private static ReadOnlySpan<byte> SuiteId => [(byte)'K', (byte)'E', (byte)'M', Id >> 8, Id & 0xff];

    /// <summary>Encap with a given ephemeral key, which must never be used twice.</summary>
    public static void Encapsulate(SecretKey ephemeral, PublicKey recipient, Span<byte> enc, Span<byte> sharedSecret)
    {
        ephemeral.PublicKey.WriteUncompressed(enc);
        using var shared = ephemeral.SharedX(recipient);
        Derive(shared.Span, enc, recipient, sharedSecret);
    }

    /// <summary>Decap; false where <paramref name="enc"/> is no uncompressed point.</summary>
    public static bool TryDecapsulate(SecretKey recipient, ReadOnlySpan<byte> enc, Span<byte> sharedSecret)
    {
        if (!PublicKey.TryParseUncompressed(enc, out var ephemeral))
        {
            return false;
        }
        using var shared = recipient.SharedX(ephemeral);
        Derive(shared.Span, enc, recipient.PublicKey, sharedSecret);
        return true;
    }

    /// <summary>DeriveKeyPair (section 7.1.3): the secret key of some keying material. Only vectors need it.</summary>
    internal static SecretKey DeriveKeyPair(ReadOnlySpan<byte> material)
    {
        Span<byte> key = stackalloc byte[HpkeLabels.HashSize];
        Span<byte> candidate = stackalloc byte[SecretKey.Size];
        var labels = new HpkeLabels(SuiteId);
        labels.Extract([], "dkp_prk"u8, material, key);
        for (var counter = 0; counter <= byte.MaxValue; counter++)
        {
            labels.Expand(key, "candidate"u8, [(byte)counter], candidate);
            if (SecretKey.TryImport(candidate, out var secret))
            {
                return secret;
            }
        }
        throw new CryptographicException("No key pair.");
    }

    private static void Derive(ReadOnlySpan<byte> shared, ReadOnlySpan<byte> enc, PublicKey recipient, Span<byte> sharedSecret)
    {
        Span<byte> context = stackalloc byte[2 * EncSize];
        enc.CopyTo(context);
        recipient.WriteUncompressed(context[EncSize..]);
        Span<byte> key = stackalloc byte[HpkeLabels.HashSize];
        try
        {
            var labels = new HpkeLabels(SuiteId);
            labels.Extract([], "eae_prk"u8, shared, key);
            labels.Expand(key, "shared_secret"u8, context, sharedSecret);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(key);
        }
    }
}
