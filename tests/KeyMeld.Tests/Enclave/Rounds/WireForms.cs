using Google.Protobuf;
using KeyMeld.Protocol.Ids;
using KeyMeld.Protocol.Statements;

namespace KeyMeld.Tests.Enclave.Rounds;

internal static class WireForms
{
    public static Wire.V1.SignedStatement ToWire(this SignedStatement statement) => new()
    {
        Statement = ByteString.CopyFrom(statement.Statement.Span),
        Signatures = { statement.Signatures.Select(signature => ByteString.CopyFrom(signature.Bytes)) },
    };

    public static ByteString ToWire(this Hash32 hash) => ByteString.CopyFrom(hash.Bytes);

    public static ByteString ToWire(this Id16 id) => ByteString.CopyFrom(id.Bytes);

    /// <summary>The bytes with one bit of the middle flipped.</summary>
    public static ByteString Flipped(this ByteString bytes)
    {
        var copy = bytes.ToByteArray();
        copy[copy.Length / 2] ^= 1;
        return ByteString.CopyFrom(copy);
    }
}
