using System.Text.Json;
using System.Text.Json.Nodes;
using KeyMeld.Protocol.Http;
using KeyMeld.Tests.Gateway.OpenApi;

namespace KeyMeld.Tests.Gateway.Fuzzing;

/// <summary>Makes values that a schema of the document allows, with the words of real objects where they fit.</summary>
internal sealed class ShapedInput(ApiDocument document, Seeds seeds, Random random)
{
    public JsonNode? Make(JsonNode schema)
    {
        if ((string?)schema["$ref"] is { } reference)
        {
            return MakeNamed(reference.Split('/')[^1]) ?? Make(document.Component(reference));
        }
        if (schema["enum"] is JsonArray words)
        {
            return Pick(words)!.DeepClone();
        }
        if ((schema["oneOf"] ?? schema["allOf"]) is JsonArray choices)
        {
            return Make(Pick(choices)!);
        }
        return (schema["type"] is JsonArray types ? (string)Pick(types)! : (string?)schema["type"]) switch
        {
            "object" => MakeObject(schema),
            "array" => new JsonArray([.. Enumerable.Range(0, CountOf(schema)).Select(_ => Make(schema["items"]!))]),
            "string" => (string?)schema["pattern"] is { } pattern && pattern.Contains("[0-9a-f]", StringComparison.Ordinal) ? Hex((int)schema["minLength"]!) : Pick(["", "genesis", "wait=1", "ready"]),
            "integer" => JsonValue.Create(Pick([0L, 1, 2, 16, int.MaxValue])),
            "boolean" => JsonValue.Create(random.Next(2) == 0),
            "null" => null,
            var other => throw new InvalidOperationException($"{other} is no type that the document used before."),
        };
    }

    public string Hex(int digits) => string.Concat(Enumerable.Range(0, digits).Select(_ => "0123456789abcdef"[random.Next(16)]));

    public T Pick<T>(IReadOnlyList<T> from) => from[random.Next(from.Count)];

    private JsonNode? Pick(JsonArray from) => from[random.Next(from.Count)];

    // What cannot be drawn: then chance would never get past the first line of a handler.
    private JsonNode? MakeNamed(string name) => name switch
    {
        "Signed" when random.Next(8) > 0 => JsonSerializer.SerializeToNode(Pick(seeds.Statements), ProtocolJson.Default.SignedJson),
        "Hash32" when random.Next(4) > 0 => Pick(seeds.Hashes).ToString(),
        "XOnlyPublicKey" => Pick(seeds.Readers).XOnlyPublicKey.ToString(),
        "PublicKey" => Pick(seeds.Readers).PublicKey.ToString(),
        "Blob" => Convert.ToBase64String(random.Next(3) > 0 ? Pick(seeds.Blobs) : Bytes(random.Next(300))),
        _ => null,
    };

    private JsonObject MakeObject(JsonNode schema)
    {
        var required = (schema["required"] as JsonArray ?? []).Select(name => (string)name!).ToHashSet();
        return new JsonObject(((JsonObject?)schema["properties"] ?? [])
            .Where(member => required.Contains(member.Key) || random.Next(2) == 0)
            .Select(member => KeyValuePair.Create(member.Key, Make(member.Value!))));
    }

    private int CountOf(JsonNode schema) => random.Next((int?)schema["minItems"] ?? 0, Math.Min((int?)schema["maxItems"] ?? 3, 3) + 1);

    private byte[] Bytes(int count)
    {
        var bytes = new byte[count];
        random.NextBytes(bytes);
        return bytes;
    }
}
