using System.Formats.Cbor;
using System.Security.Cryptography;

namespace KeyMeld.Attestation;

/// <summary>
/// COSE_Sign1 (RFC 9052 section 4.2) as the Nitro Secure Module makes it: protected header exactly {1: -35} (ES384, RFC 9053), empty unprotected header,
/// embedded payload, raw r‖s.
/// </summary>
internal sealed class CoseSign1
{
    private const CborTag Sign1Tag = (CborTag)18;
    private const int SignatureSize = 96;
    private static ReadOnlySpan<byte> ProtectedHeader => [0xa1, 0x01, 0x38, 0x22];

    private readonly byte[] _signature;

    private CoseSign1(byte[] payload, byte[] signature) => (Payload, _signature) = (payload, signature);

    public byte[] Payload { get; }

    public static CoseSign1 Parse(byte[] bytes)
    {
        var reader = new CborReader(bytes, CborConformanceMode.Strict);
        if (reader.PeekState() == CborReaderState.Tag && reader.ReadTag() != Sign1Tag)
        {
            throw Malformed("its tag is not COSE_Sign1's");
        }
        if (reader.ReadStartArray() != 4)
        {
            throw Malformed("a COSE_Sign1 is an array of four");
        }
        var header = reader.ReadDefiniteLengthByteString();
        if (!header.Span.SequenceEqual(ProtectedHeader))
        {
            throw new AttestationException(AttestationFailure.Algorithm, "The attestation document's protected header is not exactly ES384.");
        }
        if (reader.ReadStartMap() != 0)
        {
            throw Malformed("the unprotected header is not empty");
        }
        reader.ReadEndMap();
        var payload = reader.ReadDefiniteLengthByteString().ToArray();
        var signature = reader.ReadDefiniteLengthByteString().ToArray();
        reader.ReadEndArray();
        if (reader.BytesRemaining != 0)
        {
            throw Malformed("bytes follow it");
        }
        if (signature.Length != SignatureSize)
        {
            throw Malformed($"an ES384 signature has {SignatureSize} bytes");
        }
        return new CoseSign1(payload, signature);
    }

    public bool IsSignedBy(ECDsa key) =>
        key.VerifyData(SignatureStructure(Payload), _signature, HashAlgorithmName.SHA384, DSASignatureFormat.IeeeP1363FixedFieldConcatenation);

    /// <summary>RFC 9052 section 4.4, without external data.</summary>
    public static byte[] SignatureStructure(ReadOnlySpan<byte> payload)
    {
        var writer = new CborWriter(CborConformanceMode.Canonical);
        writer.WriteStartArray(4);
        writer.WriteTextString("Signature1");
        writer.WriteByteString(ProtectedHeader);
        writer.WriteByteString([]);
        writer.WriteByteString(payload);
        writer.WriteEndArray();
        return writer.Encode();
    }

    /// <summary>The untagged message of a payload and a signature over its <see cref="SignatureStructure"/>.</summary>
    public static byte[] Encode(ReadOnlySpan<byte> payload, ReadOnlySpan<byte> signature)
    {
        var writer = new CborWriter(CborConformanceMode.Canonical);
        writer.WriteStartArray(4);
        writer.WriteByteString(ProtectedHeader);
        writer.WriteStartMap(0);
        writer.WriteEndMap();
        writer.WriteByteString(payload);
        writer.WriteByteString(signature);
        writer.WriteEndArray();
        return writer.Encode();
    }

    private static AttestationException Malformed(string what) => new(AttestationFailure.Encoding, $"The attestation document is not well-formed: {what}.");
}
