// RFC 9180 section 5.1, key schedule of base mode. One message a context, so the nonce is the base nonce.
using System.Security.Cryptography;

namespace KeyMeld.Protocol.Hpke;

/// <summary>Shared secret and info to key and nonce.</summary>
internal static class HpkeKeySchedule
{
    public const ushort HkdfSha256 = 0x0001;
    public const ushort Aes256Gcm = 0x0002;
    public const int ContextSize = 1 + (2 * HpkeLabels.HashSize);

    /// <summary>The suite id of this KEM and KDF with one AEAD.</summary>
    public static byte[] SuiteId(ushort aead) =>
        [.. "HPKE"u8, Dhkem.Id >> 8, Dhkem.Id & 0xff, HkdfSha256 >> 8, HkdfSha256 & 0xff, (byte)(aead >> 8), (byte)(aead & 0xff)];

    /// <summary>key_schedule_context: mode, psk_id_hash, info_hash.</summary>
    public static void Context(ushort aead, ReadOnlySpan<byte> info, Span<byte> context)
    {
        var labels = new HpkeLabels(SuiteId(aead));
        context[0] = 0;
        labels.Extract([], "psk_id_hash"u8, [], context.Slice(1, HpkeLabels.HashSize));
        labels.Extract([], "info_hash"u8, info, context[(1 + HpkeLabels.HashSize)..]);
    }

    public static void Derive(ushort aead, ReadOnlySpan<byte> sharedSecret, ReadOnlySpan<byte> info, Span<byte> key, Span<byte> nonce)
    {
        Span<byte> context = stackalloc byte[ContextSize];
        Context(aead, info, context);
        Span<byte> secret = stackalloc byte[HpkeLabels.HashSize];
        try
        {
            var labels = new HpkeLabels(SuiteId(aead));
            labels.Extract(sharedSecret, "secret"u8, [], secret);
            labels.Expand(secret, "key"u8, context, key);
            labels.Expand(secret, "base_nonce"u8, context, nonce);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(secret);
        }
    }
}
