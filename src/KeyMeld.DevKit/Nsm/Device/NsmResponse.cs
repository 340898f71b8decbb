// The responses of /dev/nsm (aws-nitro-enclaves-nsm-api src/api/mod.rs), in the order serde writes them.
using System.Formats.Cbor;

namespace KeyMeld.DevKit.Nsm.Device;

internal static class NsmResponse
{
    /// <summary>The driver's response buffer.</summary>
    public const int MaxSize = 0x3000;

    public static byte[] Error(string code) => Encode(writer =>
    {
        writer.WriteStartMap(1);
        writer.WriteTextString("Error");
        writer.WriteTextString(code);
        writer.WriteEndMap();
    });

    public static byte[] LockPcr() => Encode(writer => writer.WriteTextString("LockPCR"));

    public static byte[] LockPcrs() => Encode(writer => writer.WriteTextString("LockPCRs"));

    public static byte[] GetRandom(byte[] random) => Call("GetRandom", 1, writer => WriteBytes(writer, "random", random));

    public static byte[] Attestation(byte[] document) => Call("Attestation", 1, writer => WriteBytes(writer, "document", document));

    public static byte[] ExtendPcr(byte[] value) => Call("ExtendPCR", 1, writer => WriteBytes(writer, "data", value));

    public static byte[] DescribePcr(bool locked, byte[] value) => Call("DescribePCR", 2, writer =>
    {
        writer.WriteTextString("lock");
        writer.WriteBoolean(locked);
        WriteBytes(writer, "data", value);
    });

    public static byte[] DescribeNsm(string moduleId, int registers, IReadOnlyCollection<int> locked) => Call("DescribeNSM", 7, writer =>
    {
        WriteNumber(writer, "version_major", 1);
        WriteNumber(writer, "version_minor", 0);
        WriteNumber(writer, "version_patch", 0);
        writer.WriteTextString("module_id");
        writer.WriteTextString(moduleId);
        WriteNumber(writer, "max_pcrs", registers);
        writer.WriteTextString("locked_pcrs");
        writer.WriteStartArray(locked.Count);
        foreach (var index in locked)
        {
            writer.WriteInt32(index);
        }
        writer.WriteEndArray();
        writer.WriteTextString("digest");
        writer.WriteTextString("SHA384");
    });

    private static byte[] Call(string name, int fields, Action<CborWriter> write) => Encode(writer =>
    {
        writer.WriteStartMap(1);
        writer.WriteTextString(name);
        writer.WriteStartMap(fields);
        write(writer);
        writer.WriteEndMap();
        writer.WriteEndMap();
    });

    private static void WriteBytes(CborWriter writer, string name, byte[] value)
    {
        writer.WriteTextString(name);
        writer.WriteByteString(value);
    }

    private static void WriteNumber(CborWriter writer, string name, int value)
    {
        writer.WriteTextString(name);
        writer.WriteInt32(value);
    }

    private static byte[] Encode(Action<CborWriter> write)
    {
        var writer = new CborWriter(CborConformanceMode.Strict);
        write(writer);
        return writer.Encode();
    }
}
