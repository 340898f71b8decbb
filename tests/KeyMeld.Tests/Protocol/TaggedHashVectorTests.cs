using System.Text.Json;
using KeyMeld.Protocol.Encoding;
using KeyMeld.Protocol.Ids;

namespace KeyMeld.Tests.Protocol;

/// <summary>Sections "tagged_hash" and "cbor" of the protocol vectors.</summary>
public class TaggedHashVectorTests
{
    [Fact]
    public void Every_tag_gives_the_hash_of_the_vectors()
    {
        var cases = ProtocolVectors.Root.GetProperty("tagged_hash").EnumerateArray().ToArray();
        Assert.Equal(20, cases.Length);
        Assert.All(cases, one => Assert.Equal(one.Text("output"), Hash32.Tagged(one.Text("tag"), one.Hex("input")).ToString()));
    }

    [Fact]
    public void Every_value_is_encoded_as_the_vectors_have_it()
    {
        var cases = ProtocolVectors.Root.GetProperty("cbor").EnumerateArray().ToArray();
        Assert.Equal(20, cases.Length);
        Assert.All(cases, one =>
        {
            var encoder = new CborEncoder(1);
            Write(encoder, one.GetProperty("value"));
            Assert.Equal(one.Text("bytes"), Convert.ToHexStringLower(encoder.Written));
        });
    }

    private static void Write(CborEncoder encoder, JsonElement value)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.Number:
                encoder.Number(value.GetInt64());
                break;
            case JsonValueKind.String when value.GetString()!.StartsWith("h'", StringComparison.Ordinal):
                encoder.Bytes(Convert.FromHexString(value.GetString()![2..^1]));
                break;
            case JsonValueKind.String:
                encoder.Text(value.GetString()!);
                break;
            case JsonValueKind.Array:
                encoder.Array(value.GetArrayLength());
                foreach (var entry in value.EnumerateArray())
                {
                    Write(encoder, entry);
                }
                break;
            case JsonValueKind.Object:
                WriteMap(encoder, value);
                break;
            case JsonValueKind.Null:
                encoder.Null();
                break;
            default:
                encoder.Boolean(value.GetBoolean());
                break;
        }
    }

    private static void WriteMap(CborEncoder encoder, JsonElement value)
    {
        var keys = value.EnumerateObject().Select(entry => (Key: Encoded(entry.Name), entry.Value)).OrderBy(entry => Convert.ToHexString(entry.Key), StringComparer.Ordinal).ToArray();
        encoder.Map(keys.Length);
        foreach (var (key, entry) in keys)
        {
            Write(encoder.Raw(key), entry);
        }
    }

    private static byte[] Encoded(string name) =>
        (name.StartsWith("h'", StringComparison.Ordinal) ? new CborEncoder().Bytes(Convert.FromHexString(name[2..^1])) : new CborEncoder().Text(name)).ToArray();
}
