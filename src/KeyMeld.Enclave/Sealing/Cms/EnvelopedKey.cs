// CiphertextForRecipient of AWS KMS: RFC 5652 EnvelopedData in BER, one KeyTransRecipientInfo by subject key identifier, RSAES-OAEP (RFC 8017) with SHA-256
// in both places, AES-256-CBC. The form is fixed, so everything that is not it is refused; lengths may be definite or indefinite, the content one string or
// several, as the real service does.
using System.Diagnostics.CodeAnalysis;
using System.Formats.Asn1;

namespace KeyMeld.Enclave.Sealing.Cms;

/// <summary>The fields of one answer, as parsed; nothing is decrypted yet.</summary>
internal sealed class EnvelopedKey
{
    /// <summary>What the KMS API allows.</summary>
    public const int MaxBytes = 6144;

    private const int AesBlock = 16;
    private const string EnvelopedData = "1.2.840.113549.1.7.3";
    private const string Data = "1.2.840.113549.1.7.1";
    private const string Aes256Cbc = "2.16.840.1.101.3.4.1.42";

    private static readonly Asn1Tag Context0 = new(TagClass.ContextSpecific, 0);

    // AlgorithmIdentifier {id-RSAES-OAEP, {[0] sha256 NULL, [1] mgf1 {sha256 NULL}}}; pSource absent = empty label. Compared as bytes.
    private static readonly byte[] OaepSha256 = Convert.FromHexString(
        "303C06092A864886F70D010107302FA00F300D06096086480165030402010500A11C301A06092A864886F70D010108300D06096086480165030402010500");

    private EnvelopedKey(byte[] subjectKeyIdentifier, byte[] encryptedKey, byte[] iv, byte[] ciphertext) =>
        (SubjectKeyIdentifier, EncryptedContentKey, Iv, Ciphertext) = (subjectKeyIdentifier, encryptedKey, iv, ciphertext);

    /// <summary>32 bytes: SHA-256 of the recipient's SubjectPublicKeyInfo.</summary>
    public byte[] SubjectKeyIdentifier { get; }

    public byte[] EncryptedContentKey { get; }

    public byte[] Iv { get; }

    /// <summary>Whole blocks, at least one.</summary>
    public byte[] Ciphertext { get; }

    public static bool TryParse(ReadOnlyMemory<byte> ber, [NotNullWhen(true)] out EnvelopedKey? parsed)
    {
        parsed = null;
        if (ber.Length > MaxBytes)
        {
            return false;
        }
        try
        {
            parsed = Parse(ber);
            return parsed is not null;
        }
        catch (AsnContentException)
        {
            return false;
        }
    }

    private static EnvelopedKey? Parse(ReadOnlyMemory<byte> ber)
    {
        var outer = new AsnReader(ber, AsnEncodingRules.BER);
        var contentInfo = outer.ReadSequence();
        outer.ThrowIfNotEmpty();
        if (contentInfo.ReadObjectIdentifier() != EnvelopedData)
        {
            return null;
        }
        var explicitContent = contentInfo.ReadSequence(new Asn1Tag(TagClass.ContextSpecific, 0, isConstructed: true));
        contentInfo.ThrowIfNotEmpty();
        var enveloped = explicitContent.ReadSequence();
        explicitContent.ThrowIfNotEmpty();
        if (!IsVersion2(enveloped))
        {
            return null;
        }
        var recipients = enveloped.ReadSetOf(skipSortOrderValidation: true);
        var content = enveloped.ReadSequence();
        enveloped.ThrowIfNotEmpty();
        return ReadRecipient(recipients) is var (identifier, key) && ReadContent(content) is var (iv, ciphertext)
            ? new EnvelopedKey(identifier, key, iv, ciphertext)
            : null;
    }

    private static (byte[] Identifier, byte[] Key)? ReadRecipient(AsnReader recipients)
    {
        var recipient = recipients.ReadSequence();
        recipients.ThrowIfNotEmpty();
        if (!IsVersion2(recipient) || !recipient.TryReadPrimitiveOctetString(out var identifier, Context0) || identifier.Length != 32
            || !recipient.ReadEncodedValue().Span.SequenceEqual(OaepSha256) || !recipient.TryReadPrimitiveOctetString(out var key))
        {
            return null;
        }
        recipient.ThrowIfNotEmpty();
        return (identifier.ToArray(), key.ToArray());
    }

    private static (byte[] Iv, byte[] Ciphertext)? ReadContent(AsnReader content)
    {
        if (content.ReadObjectIdentifier() != Data)
        {
            return null;
        }
        var algorithm = content.ReadSequence();
        if (algorithm.ReadObjectIdentifier() != Aes256Cbc || !algorithm.TryReadPrimitiveOctetString(out var iv) || iv.Length != AesBlock)
        {
            return null;
        }
        algorithm.ThrowIfNotEmpty();
        var ciphertext = content.ReadOctetString(Context0);
        content.ThrowIfNotEmpty();
        return ciphertext.Length > 0 && ciphertext.Length % AesBlock == 0 ? (iv.ToArray(), ciphertext) : null;
    }

    private static bool IsVersion2(AsnReader reader) => reader.TryReadInt32(out var version) && version == 2;
}
