// Requests of /dev/nsm: aws-nitro-enclaves-nsm-api, src/api. Unit variants are text, the others a map of one entry.
using System.Formats.Cbor;

namespace KeyMeld.Enclave.Nsm.Messages;

internal static class NsmRequest
{
    /// <summary>What the driver takes.</summary>
    public const int MaxBytes = 0x1000;

    public static byte[] GetRandom()
    {
        var writer = new CborWriter();
        writer.WriteTextString("GetRandom");
        return writer.Encode();
    }

    public static byte[] Attestation(ReadOnlyMemory<byte>? userData, ReadOnlyMemory<byte>? nonce, ReadOnlyMemory<byte>? publicKey)
    {
        var writer = new CborWriter();
        writer.WriteStartMap(1);
        writer.WriteTextString("Attestation");
        writer.WriteStartMap(3);
        Write(writer, "user_data", userData);
        Write(writer, "nonce", nonce);
        Write(writer, "public_key", publicKey);
        writer.WriteEndMap();
        writer.WriteEndMap();
        return writer.Encode();
    }

    private static void Write(CborWriter writer, string name, ReadOnlyMemory<byte>? value)
    {
        writer.WriteTextString(name);
        if (value is { } bytes)
        {
            writer.WriteByteString(bytes.Span);
        }
        else
        {
            writer.WriteNull();
        }
    }
}
