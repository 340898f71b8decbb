// The outer form of a KMS CiphertextBlob (kms-nitro.md section 2.4): a header that names the key material, then PKCS #7 EncryptedData (RFC 2315 section 13)
// with AES-256-GCM parameters (RFC 5084). What lies inside the encryption is AWS's secret; ours has the same overhead of 11 bytes.
using System.Buffers.Binary;
using System.Formats.Asn1;
using System.Security.Cryptography;
using KeyMeld.DevKit.Kms.Keys;

namespace KeyMeld.DevKit.Kms.Ciphertext;

/// <summary>Seals and opens ciphertext blobs. A blob is bound to its header, its key and its encryption context.</summary>
internal static class CiphertextBlob
{
    public const byte OfEncrypt = 2;
    public const byte OfDataKey = 3;

    private const int HeaderLength = 5 + KeyMaterialIdLength;
    private const int KeyMaterialIdLength = 32;
    private const int InnerHeaderLength = 11;
    private const int NonceLength = 12;
    private const int TagLength = 16;
    private const byte InnerVersion = 1;
    private const string EncryptedDataOid = "1.2.840.113549.1.7.6";
    private const string DataOid = "1.2.840.113549.1.7.1";
    private const string Aes256GcmOid = "2.16.840.1.101.3.4.1.46";
    private static readonly Asn1Tag EncryptedContent = new(TagClass.ContextSpecific, 0);

    public static byte[] Seal(KeyRecord key, byte kind, EncryptionContext context, ReadOnlySpan<byte> plaintext)
    {
        byte[] header = [0x01, 0x02, kind, 0x00, 0x78, .. Convert.FromHexString(key.MaterialId)];
        var inner = new byte[InnerHeaderLength + plaintext.Length];
        inner[0] = InnerVersion;
        BinaryPrimitives.WriteUInt16BigEndian(inner.AsSpan(1), (ushort)plaintext.Length);
        plaintext.CopyTo(inner.AsSpan(InnerHeaderLength));

        var nonce = KernelRandom.Bytes(NonceLength);
        var sealedContent = new byte[inner.Length + TagLength];
        using (var cipher = key.Material.OpenCipher())
            cipher.Encrypt(nonce, inner, sealedContent.AsSpan(0, inner.Length), sealedContent.AsSpan(inner.Length), Aad(header, key, context));
        CryptographicOperations.ZeroMemory(inner);

        var envelope = Envelope(nonce, sealedContent);
        var blob = new byte[HeaderLength + 4 + envelope.Length];
        header.CopyTo(blob, 0);
        BinaryPrimitives.WriteInt32BigEndian(blob.AsSpan(HeaderLength), envelope.Length);
        envelope.CopyTo(blob, HeaderLength + 4);
        return blob;
    }

    /// <summary>The key material a blob names, in lower-case hexadecimal; null when it is not of the form of a blob.</summary>
    public static string? MaterialIdOf(ReadOnlySpan<byte> blob) =>
        blob.Length > HeaderLength + 4 && blob[0] == 0x01 && blob[1] is 0x01 or 0x02 && blob[3] == 0x00 && blob[4] == 0x78
            ? Convert.ToHexStringLower(blob[5..HeaderLength])
            : null;

    /// <summary>The plaintext, or null for a blob that was changed, cut, or sealed under another key or context. The caller wipes it.</summary>
    public static byte[]? TryOpen(KeyRecord key, EncryptionContext context, ReadOnlyMemory<byte> blob)
    {
        if (MaterialIdOf(blob.Span) != key.MaterialId
            || BinaryPrimitives.ReadUInt32BigEndian(blob.Span[HeaderLength..]) != (uint)(blob.Length - HeaderLength - 4)
            || !TryParseEnvelope(blob[(HeaderLength + 4)..], out var nonce, out var sealedContent))
        {
            return null;
        }
        var inner = new byte[sealedContent.Length - TagLength];
        try
        {
            using var cipher = key.Material.OpenCipher();
            var aad = Aad(blob.Span[..HeaderLength], key, context);
            cipher.Decrypt(nonce, sealedContent.AsSpan(0, inner.Length), sealedContent.AsSpan(inner.Length), inner, aad);
            return inner.Length >= InnerHeaderLength && inner[0] == InnerVersion
                && BinaryPrimitives.ReadUInt16BigEndian(inner.AsSpan(1)) == inner.Length - InnerHeaderLength
                ? inner[InnerHeaderLength..]
                : null;
        }
        catch (AuthenticationTagMismatchException)
        {
            return null;
        }
        finally
        {
            CryptographicOperations.ZeroMemory(inner);
        }
    }

    private static byte[] Aad(ReadOnlySpan<byte> header, KeyRecord key, EncryptionContext context) =>
        [.. header, .. System.Text.Encoding.ASCII.GetBytes(key.KeyId), .. context.ToAad()];

    private static byte[] Envelope(byte[] nonce, byte[] sealedContent)
    {
        var writer = new AsnWriter(AsnEncodingRules.DER);
        using (writer.PushSequence())
        {
            writer.WriteObjectIdentifier(EncryptedDataOid);
            using (writer.PushSequence(EncryptedContent))
            using (writer.PushSequence())
            {
                writer.WriteInteger(0);
                using (writer.PushSequence())
                {
                    writer.WriteObjectIdentifier(DataOid);
                    using (writer.PushSequence())
                    {
                        writer.WriteObjectIdentifier(Aes256GcmOid);
                        using (writer.PushSequence())
                        {
                            writer.WriteOctetString(nonce);
                            writer.WriteInteger(TagLength);
                        }
                    }
                    writer.WriteOctetString(sealedContent, EncryptedContent);
                }
            }
        }
        return writer.Encode();
    }

    private static bool TryParseEnvelope(ReadOnlyMemory<byte> envelope, out byte[] nonce, out byte[] sealedContent)
    {
        (nonce, sealedContent) = ([], []);
        try
        {
            var outer = new AsnReader(envelope, AsnEncodingRules.DER);
            var content = outer.ReadSequence();
            outer.ThrowIfNotEmpty();
            if (content.ReadObjectIdentifier() != EncryptedDataOid)
                return false;
            var encryptedData = content.ReadSequence(EncryptedContent).ReadSequence();
            if (!encryptedData.TryReadInt32(out var version) || version != 0)
                return false;
            var info = encryptedData.ReadSequence();
            if (info.ReadObjectIdentifier() != DataOid)
                return false;
            var algorithm = info.ReadSequence();
            if (algorithm.ReadObjectIdentifier() != Aes256GcmOid)
                return false;
            var parameters = algorithm.ReadSequence();
            nonce = parameters.ReadOctetString();
            sealedContent = info.ReadOctetString(EncryptedContent);
            return parameters.TryReadInt32(out var tagLength) && tagLength == TagLength && nonce.Length == NonceLength && sealedContent.Length >= TagLength;
        }
        catch (AsnContentException)
        {
            return false;
        }
    }
}
