// CiphertextForRecipient: CMS EnvelopedData (RFC 5652 section 6) in BER, byte for byte in the form of the samples recorded from AWS KMS
// (kms-nitro.md section 3): indefinite lengths outside, DER for the one KeyTransRecipientInfo, AES-256-CBC content.
using System.Formats.Asn1;
using System.Security.Cryptography;

namespace KeyMeld.DevKit.Kms.Recipients;

/// <summary>Encrypts a plaintext to the RSA key of an attestation document as AWS KMS does.</summary>
internal static class RecipientCms
{
    private const string EnvelopedDataOid = "1.2.840.113549.1.7.3";
    private const string DataOid = "1.2.840.113549.1.7.1";
    private const string OaepOid = "1.2.840.113549.1.1.7";
    private const string Mgf1Oid = "1.2.840.113549.1.1.8";
    private const string Sha256Oid = "2.16.840.1.101.3.4.2.1";
    private const string Aes256CbcOid = "2.16.840.1.101.3.4.1.42";
    private static readonly Asn1Tag Context0 = new(TagClass.ContextSpecific, 0);
    private static readonly Asn1Tag Context1 = new(TagClass.ContextSpecific, 1);

    public static byte[] Encrypt(ReadOnlySpan<byte> subjectPublicKeyInfo, ReadOnlySpan<byte> plaintext, CmsLayout layout)
    {
        using var recipient = RSA.Create();
        recipient.ImportSubjectPublicKeyInfo(subjectPublicKeyInfo, out _);
        using var aes = Aes.Create();
        aes.Key = KernelRandom.Bytes(32);
        var iv = KernelRandom.Bytes(16);
        var content = aes.EncryptCbc(plaintext, iv);
        var wrappedKey = recipient.Encrypt(aes.Key, RSAEncryptionPadding.OaepSHA256);

        using var output = new MemoryStream();
        output.Write([0x30, 0x80]);
        output.Write(Der(writer => writer.WriteObjectIdentifier(EnvelopedDataOid)));
        output.Write([0xA0, 0x80, 0x30, 0x80]);
        output.Write(Der(writer => writer.WriteInteger(2)));
        output.Write(RecipientInfos(SHA256.HashData(subjectPublicKeyInfo), wrappedKey));
        output.Write([0x30, 0x80]);
        output.Write(Der(writer => writer.WriteObjectIdentifier(DataOid)));
        output.Write(Der(writer =>
        {
            using var _ = writer.PushSequence();
            writer.WriteObjectIdentifier(Aes256CbcOid);
            writer.WriteOctetString(iv);
        }));
        WriteContent(output, content, layout);
        // The ends of EncryptedContentInfo, EnvelopedData, [0] and ContentInfo.
        output.Write(new byte[8]);
        return output.ToArray();
    }

    private static void WriteContent(MemoryStream output, byte[] content, CmsLayout layout)
    {
        if (layout.IsPrimitive)
        {
            output.Write(Der(writer => writer.WriteOctetString(content, Context0)));
            return;
        }
        output.Write([0xA0, 0x80]);
        foreach (var chunk in content.Chunk(Math.Min(layout.ChunkSize, content.Length)))
            output.Write(Der(writer => writer.WriteOctetString(chunk)));
        output.Write(new byte[2]);
    }

    private static byte[] RecipientInfos(byte[] subjectKeyIdentifier, byte[] wrappedKey) => Der(writer =>
    {
        using var set = writer.PushSetOf();
        using var info = writer.PushSequence();
        writer.WriteInteger(2);
        writer.WriteOctetString(subjectKeyIdentifier, Context0);
        using (writer.PushSequence())
        {
            writer.WriteObjectIdentifier(OaepOid);
            using var parameters = writer.PushSequence();
            using (writer.PushSequence(Context0))
                WriteSha256(writer);
            using (writer.PushSequence(Context1))
            using (writer.PushSequence())
            {
                writer.WriteObjectIdentifier(Mgf1Oid);
                WriteSha256(writer);
            }
        }
        writer.WriteOctetString(wrappedKey);
    });

    private static void WriteSha256(AsnWriter writer)
    {
        using var _ = writer.PushSequence();
        writer.WriteObjectIdentifier(Sha256Oid);
        writer.WriteNull();
    }

    private static byte[] Der(Action<AsnWriter> write)
    {
        var writer = new AsnWriter(AsnEncodingRules.DER);
        write(writer);
        return writer.Encode();
    }
}
