using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using KeyMeld.Protocol.Http;
using KeyMeld.Secp256k1;
using KeyMeld.Tests.Gateway.OpenApi;
using KeyMeld.Tests.Gateway.Support;

namespace KeyMeld.Tests.Gateway.Fuzzing;

/// <summary>Draws calls from the OpenAPI document: well-shaped ones, of real objects and readers, and what becomes of them in bad hands.</summary>
internal sealed class EndpointFuzzer(ApiDocument document, Seeds seeds, string operatorToken, Random random)
{
    private readonly ShapedInput _shaped = new(document, seeds, random);
    private readonly HostileInput _hostile = new(random);

    /// <summary>The next call that means, or once meant, <paramref name="call"/>.</summary>
    public RawCall Draw(ApiCall call)
    {
        var (method, target) = (call.Method, TargetOf(call));
        var headers = new List<(string Name, string Value)> { ("Host", "gateway"), ("Connection", "close") };
        var isHostile = random.Next(5) > 0;
        var hurt = isHostile ? random.Next(5) : -1;
        byte[] body = [];
        if (call.BodySchema is { } schema)
        {
            var good = _shaped.Make(schema);
            body = hurt is 0 or 1 ? _hostile.Body(good) : Encoding.UTF8.GetBytes(good?.ToJsonString() ?? "null");
            headers.Add(("Content-Type", hurt == 4 && random.Next(2) == 0 ? _hostile.ContentType() : "application/json"));
        }
        if (hurt == 2)
        {
            target = _hostile.Target(target);
        }
        if (hurt == 3 && random.Next(3) == 0)
        {
            method = _hostile.Method();
        }
        if (random.Next(4) > 0)
        {
            headers.Add(("Authorization", AuthorizationOf(call, method, target, body)));
        }
        for (var more = hurt == 4 ? random.Next(4) : 0; more > 0; more--)
        {
            headers.Add(_hostile.Header());
        }
        if (body.Length > 0 || call.BodySchema is not null)
        {
            headers.Add(("Content-Length", body.Length.ToString(CultureInfo.InvariantCulture)));
        }
        return new RawCall(method, target, headers, body);
    }

    private string TargetOf(ApiCall call)
    {
        var path = string.Join('/', call.Path.Split('/').Select(segment => segment.StartsWith('{') ? ValueOf(call, segment[1..^1]) : segment));
        var query = call.Parameters.Where(parameter => (string?)parameter["in"] == "query").Select(parameter => $"{parameter["name"]}={Text(_shaped.Make(parameter["schema"]!))}").ToList();
        return query.Count == 0 ? path : $"{path}?{string.Join('&', query)}";
    }

    private string ValueOf(ApiCall call, string name) => Text(_shaped.Make(call.Parameters.Single(parameter => (string?)parameter["name"] == name)["schema"]!));

    private static string Text(JsonNode? value) => value?.ToString() ?? "";

    private string AuthorizationOf(ApiCall call, string method, string target, byte[] body)
    {
        if (call.Node["security"]!.ToJsonString().Contains("Operator", StringComparison.Ordinal))
        {
            return "Bearer " + operatorToken;
        }
        SecretKey reader = _shaped.Pick(seeds.Readers);
        return RequestAuthorization.Sign(method, TestGateway.Authority, target, body, DateTimeOffset.UtcNow.ToUnixTimeMilliseconds(), reader);
    }
}
