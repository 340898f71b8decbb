// The requests of /dev/nsm (aws-nitro-enclaves-nsm-api src/api/mod.rs): a unit is a text string, a request with arguments a map of one entry.
using System.Formats.Cbor;

namespace KeyMeld.DevKit.Nsm.Device;

internal abstract record NsmRequest
{
    /// <summary>What the driver passes on at most (Linux drivers/misc/nsm.c).</summary>
    public const int MaxSize = 0x1000;

    private NsmRequest()
    {
    }

    public static NsmRequest? TryParse(ReadOnlyMemory<byte> cbor)
    {
        try
        {
            var reader = new CborReader(cbor, CborConformanceMode.Strict);
            var request = reader.PeekState() == CborReaderState.TextString ? ReadUnit(reader) : ReadCall(reader);
            return reader.BytesRemaining == 0 ? request : null;
        }
        catch (Exception error) when (error is CborContentException or InvalidOperationException or OverflowException)
        {
            return null;
        }
    }

    private static NsmRequest? ReadUnit(CborReader reader) => reader.ReadTextString() switch
    {
        "DescribeNSM" => new DescribeNsm(),
        "GetRandom" => new GetRandom(),
        _ => null,
    };

    private static NsmRequest? ReadCall(CborReader reader)
    {
        reader.ReadStartMap();
        var name = reader.ReadTextString();
        var arguments = new Arguments(reader);
        reader.ReadEndMap();
        return name switch
        {
            "Attestation" when arguments.Are("user_data", "nonce", "public_key") =>
                new Attestation(arguments.OptionalBytes("user_data"), arguments.OptionalBytes("nonce"), arguments.OptionalBytes("public_key")),
            "DescribePCR" when arguments.Are("index") => new DescribePcr(arguments.Number("index")),
            "ExtendPCR" when arguments.Are("index", "data") => new ExtendPcr(arguments.Number("index"), arguments.Bytes("data")),
            "LockPCR" when arguments.Are("index") => new LockPcr(arguments.Number("index")),
            "LockPCRs" when arguments.Are("range") => new LockPcrs(arguments.Number("range")),
            _ => null,
        };
    }

    public sealed record DescribeNsm : NsmRequest;

    public sealed record GetRandom : NsmRequest;

    public sealed record Attestation(byte[]? UserData, byte[]? Nonce, byte[]? PublicKey) : NsmRequest;

    public sealed record DescribePcr(ushort Index) : NsmRequest;

    public sealed record ExtendPcr(ushort Index, byte[] Data) : NsmRequest;

    public sealed record LockPcr(ushort Index) : NsmRequest;

    public sealed record LockPcrs(ushort Range) : NsmRequest;

    /// <summary>The named arguments of a call: byte strings, numbers and null are all there are.</summary>
    private sealed class Arguments
    {
        private readonly Dictionary<string, object?> _values = [];

        public Arguments(CborReader reader)
        {
            reader.ReadStartMap();
            while (reader.PeekState() != CborReaderState.EndMap)
            {
                if (!_values.TryAdd(reader.ReadTextString(), ReadValue(reader)))
                {
                    throw new CborContentException("An argument is there twice.");
                }
            }
            reader.ReadEndMap();
        }

        public bool Are(params ReadOnlySpan<string> names)
        {
            var known = 0;
            foreach (var name in names)
            {
                known += _values.ContainsKey(name) ? 1 : 0;
            }
            return known == _values.Count;
        }

        public byte[]? OptionalBytes(string name) => _values.GetValueOrDefault(name) is { } value ? Expect<byte[]>(value) : null;

        public byte[] Bytes(string name) => Expect<byte[]>(_values.GetValueOrDefault(name));

        public ushort Number(string name) => checked((ushort)Expect<ulong>(_values.GetValueOrDefault(name)));

        private static object? ReadValue(CborReader reader)
        {
            switch (reader.PeekState())
            {
                case CborReaderState.Null:
                    reader.ReadNull();
                    return null;
                case CborReaderState.UnsignedInteger:
                    return reader.ReadUInt64();
                default:
                    return reader.ReadByteString();
            }
        }

        private static T Expect<T>(object? value) =>
            value is T expected ? expected : throw new CborContentException("An argument is missing or of another type.");
    }
}
