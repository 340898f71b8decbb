using System.Formats.Cbor;

namespace KeyMeld.Images.Eif;

/// <summary>CBOR of the signature section and of what is signed. Bytes are arrays of integers 0..255, which is how nitro-cli writes and reads them.</summary>
internal static class EifSignatureEncoding
{
    private const string CertificateKey = "signing_certificate", SignatureKey = "signature", IndexKey = "register_index", ValueKey = "register_value";

    /// <summary>What is signed: {register_index: 0, register_value: PCR0}.</summary>
    public static byte[] Register0(ReadOnlySpan<byte> pcr0)
    {
        var writer = new CborWriter();
        writer.WriteStartMap(2);
        writer.WriteTextString(IndexKey);
        writer.WriteInt32(0);
        writer.WriteTextString(ValueKey);
        WriteBytes(writer, pcr0);
        writer.WriteEndMap();
        return writer.Encode();
    }

    public static byte[] Write(ReadOnlySpan<byte> certificate, ReadOnlySpan<byte> signature)
    {
        var writer = new CborWriter();
        writer.WriteStartArray(1);
        writer.WriteStartMap(2);
        writer.WriteTextString(CertificateKey);
        WriteBytes(writer, certificate);
        writer.WriteTextString(SignatureKey);
        WriteBytes(writer, signature);
        writer.WriteEndMap();
        writer.WriteEndArray();
        return writer.Encode();
    }

    /// <summary>Certificate and signature of the one entry.</summary>
    public static (byte[] Certificate, byte[] Signature) Read(ReadOnlyMemory<byte> section)
    {
        var reader = new CborReader(section, CborConformanceMode.Strict);
        if (reader.ReadStartArray() != 1 || reader.ReadStartMap() != 2)
        {
            throw new ImageException("The image's signature section does not hold exactly one signature.");
        }
        var certificate = ReadBytes(reader, CertificateKey);
        var signature = ReadBytes(reader, SignatureKey);
        reader.ReadEndMap();
        reader.ReadEndArray();
        return reader.BytesRemaining == 0 ? (certificate, signature) : throw new ImageException("Bytes follow the image's signature.");
    }

    private static void WriteBytes(CborWriter writer, ReadOnlySpan<byte> bytes)
    {
        writer.WriteStartArray(bytes.Length);
        foreach (var value in bytes)
        {
            writer.WriteUInt32(value);
        }
        writer.WriteEndArray();
    }

    private static byte[] ReadBytes(CborReader reader, string key)
    {
        if (reader.ReadTextString() != key || reader.ReadStartArray() is not { } length || length > EifSignature.MaxSize)
        {
            throw new ImageException($"The image's signature section has no {key} where it belongs.");
        }
        var bytes = new byte[length];
        for (var i = 0; i < length; i++)
        {
            bytes[i] = checked((byte)reader.ReadUInt32());
        }
        reader.ReadEndArray();
        return bytes;
    }
}
