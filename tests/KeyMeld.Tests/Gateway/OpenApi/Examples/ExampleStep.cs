using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace KeyMeld.Tests.Gateway.OpenApi.Examples;

/// <summary>One call of the document's examples, named within its operation, and its answer. Headers are those beside Authorization, Host and those of the body.</summary>
internal sealed record ExampleStep(
    string Operation, string Name, string Summary, string Method, string Target, string? Authorization, IReadOnlyDictionary<string, string> Headers, JsonNode? Body, int Status, string? MediaType, JsonNode? Answer)
{
    private static readonly JsonSerializerOptions Compact = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>What the answer has another value for each time, and the value the example shows in its place.</summary>
    public Varying Varies { get; init; } = Varying.Nothing;

    /// <summary>The answer as the document shows it.</summary>
    public JsonNode? Shown => Varies.Settle(Answer);

    /// <summary>The bytes that are sent for a body, and that an Authorization covers: compact, members in the order of the document.</summary>
    public static byte[] Bytes(JsonNode? body) => body is null ? [] : JsonSerializer.SerializeToUtf8Bytes(body, Compact);

    /// <summary>How the document keeps it: whatever is in the operation's own examples is not said again.</summary>
    public JsonObject ToJson()
    {
        var step = new JsonObject { ["operation"] = Operation, ["example"] = Name, ["method"] = Method, ["target"] = Target };
        if (Authorization is not null)
        {
            step["authorization"] = Authorization;
        }
        if (Headers.Count > 0)
        {
            step["headers"] = new JsonObject(Headers.Select(header => KeyValuePair.Create(header.Key, (JsonNode?)header.Value)));
        }
        step["status"] = Status;
        Varies.Write(step);
        return step;
    }

    /// <summary>The same call in a shell.</summary>
    public string ToCurl()
    {
        List<string> words = ["curl", .. Method == "GET" ? [] : new[] { "-X", Method }, $"\"$GATEWAY{Target}\""];
        words.AddRange(Headers.Select(header => $"-H '{header.Key}: {header.Value}'"));
        if (Authorization is not null)
        {
            words.Add($"-H 'Authorization: {Authorization}'");
        }
        if (Body is not null)
        {
            words.AddRange(["-H 'Content-Type: application/json'", "--data-binary @body.json"]);
        }
        return string.Join(' ', words);
    }
}
