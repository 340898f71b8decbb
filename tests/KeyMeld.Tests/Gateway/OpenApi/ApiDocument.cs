using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Json.Schema;
using KeyMeld.Tests.Support;

namespace KeyMeld.Tests.Gateway.OpenApi;

/// <summary>docs/api/openapi.json as somebody reads it who has nothing else: which calls there are, and whether an answer is one of those it promises.</summary>
internal sealed class ApiDocument
{
    private const string Problem = "application/problem+json";

    private static readonly Lazy<ApiDocument> Lazily = new(() => new ApiDocument(JsonNode.Parse(File.ReadAllText(Path.Combine(Vectors.SourceRoot(), "docs", "api", "openapi.json")))!));
    private readonly JsonNode _root;
    private readonly JsonObject _definitions;
    private readonly ConcurrentDictionary<(string, int), JsonSchema> _schemas = new();

    private ApiDocument(JsonNode root)
    {
        _root = root;
        _definitions = new JsonObject(((JsonObject)root["components"]!["schemas"]!).Select(schema => KeyValuePair.Create(schema.Key, (JsonNode?)Local(schema.Value!))));
        Calls = [.. ((JsonObject)root["paths"]!).SelectMany(path => ((JsonObject)path.Value!).Select(call => new ApiCall(call.Key.ToUpperInvariant(), path.Key, call.Value!)))];
    }

    public static ApiDocument Committed => Lazily.Value;

    public IReadOnlyList<ApiCall> Calls { get; }

    public JsonNode Component(string reference) => reference.Split('/').Skip(1).Aggregate(_root, (node, name) => node[name]!);

    /// <summary>The call that a method and a target mean; null where the document has none.</summary>
    public ApiCall? Find(string method, string target) => Calls.FirstOrDefault(call => call.Method == (method == "HEAD" ? "GET" : method.ToUpperInvariant()) && call.Matches(target.Split('?')[0]));

    /// <summary>What is wrong with an answer to a call; null where nothing is.</summary>
    public string? Complaint(ApiCall call, int status, string? mediaType, byte[] body, bool isHead = false)
    {
        if (call.Node["responses"]![status.ToString(CultureInfo.InvariantCulture)] is not { } response)
        {
            return $"{call.Id} does not document status {status}: {Start(body)}";
        }
        var content = (JsonObject?)response["content"];
        if (content is null || isHead)
        {
            return body.Length == 0 ? null : $"{call.Id} has a body with {status}";
        }
        var (documented, media) = content.Single();
        if (mediaType != documented)
        {
            return $"{call.Id} answers {status} as {mediaType}, not {documented}: {Start(body)}";
        }
        if (media!["schema"] is not { } schema || !documented.EndsWith("json", StringComparison.Ordinal))
        {
            return null;
        }
        var result = _schemas.GetOrAdd((call.Id, status), _ => Compile(schema)).Evaluate(JsonDocument.Parse(body).RootElement, new EvaluationOptions { OutputFormat = OutputFormat.List });
        return result.IsValid ? null
            : documented == Problem ? $"{call.Id} does not document with {status} the problem {Start(body)}"
            : $"{call.Id} answers {status} with what its schema does not allow: {string.Join("; ", (result.Details ?? []).SelectMany(detail => detail.Errors ?? new Dictionary<string, string>()).Select(error => error.Value))}: {Start(body)}";
    }

    private JsonSchema Compile(JsonNode schema)
    {
        var whole = Local(schema).AsObject();
        whole["$schema"] = "https://json-schema.org/draft/2020-12/schema";
        whole["$defs"] = _definitions.DeepClone();
        return JsonSchema.FromText(whole.ToJsonString());
    }

    private static JsonNode Local(JsonNode schema) => JsonNode.Parse(schema.ToJsonString().Replace("#/components/schemas/", "#/$defs/", StringComparison.Ordinal))!;

    private static string Start(byte[] body) => System.Text.Encoding.UTF8.GetString(body.AsSpan(0, Math.Min(body.Length, 400)));
}

/// <summary>One call of the document.</summary>
internal sealed class ApiCall(string method, string path, JsonNode node)
{
    private readonly string[] _segments = path.Split('/');

    public string Method => method;

    public string Path => path;

    public JsonNode Node => node;

    public string Id => (string)node["operationId"]!;

    public JsonNode? BodySchema => node["requestBody"]?["content"]?["application/json"]?["schema"];

    public bool IsStream => node["responses"]?["200"]?["content"]?["text/event-stream"] is not null;

    public IEnumerable<JsonObject> Parameters => (node["parameters"] as JsonArray ?? []).Select(parameter => (JsonObject)parameter!);

    /// <summary>A template with a fixed segment wins over one with a parameter in that place, which holds as long as no two routes differ in that only.</summary>
    public bool Matches(string target)
    {
        var parts = target.Split('/');
        return parts.Length == _segments.Length && _segments.Zip(parts).All(pair => pair.First.StartsWith('{') ? pair.Second.Length > 0 : pair.First == pair.Second);
    }
}
