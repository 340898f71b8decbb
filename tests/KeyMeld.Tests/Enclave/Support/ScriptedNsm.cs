using System.Formats.Cbor;
using KeyMeld.Enclave.Nsm;

namespace KeyMeld.Tests.Enclave.Support;

/// <summary>A module that answers what the test says: random bytes, and documents that hold a timestamp.</summary>
internal sealed class ScriptedNsm : INsm
{
    public Func<byte[]> Random { get; set; } = () => [1, 2, 3];

    public Func<long> TimestampMs { get; set; } = () => 1_800_000_000_000;

    public int Calls { get; private set; }

    public byte[] Exchange(ReadOnlySpan<byte> request)
    {
        Calls++;
        return request.Length == 10 ? Answer("GetRandom", "random", Random()) : Answer("Attestation", "document", Document(TimestampMs()));
    }

    private static byte[] Answer(string variant, string member, byte[] value)
    {
        var writer = new CborWriter();
        writer.WriteStartMap(1);
        writer.WriteTextString(variant);
        writer.WriteStartMap(1);
        writer.WriteTextString(member);
        writer.WriteByteString(value);
        writer.WriteEndMap();
        writer.WriteEndMap();
        return writer.Encode();
    }

    private static byte[] Document(long timestampMs)
    {
        var payload = new CborWriter();
        payload.WriteStartMap(2);
        payload.WriteTextString("module_id");
        payload.WriteTextString("i-1-enc2");
        payload.WriteTextString("timestamp");
        payload.WriteInt64(timestampMs);
        payload.WriteEndMap();
        var document = new CborWriter();
        document.WriteStartArray(4);
        document.WriteByteString([]);
        document.WriteStartMap(0);
        document.WriteEndMap();
        document.WriteByteString(payload.Encode());
        document.WriteByteString(new byte[96]);
        document.WriteEndArray();
        return document.Encode();
    }
}
