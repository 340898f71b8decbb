// OpenAPI 3.1.1.
using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using KeyMeld.Gateway.OpenApi;
using KeyMeld.Protocol.Errors;
using KeyMeld.Protocol.Http;
using Microsoft.AspNetCore.Routing;

namespace KeyMeld.Tests.Gateway.OpenApi;

/// <summary>Writes the OpenAPI document from the mapped routes, their <see cref="Operation"/>s and the contracts.</summary>
internal sealed class DocumentWriter
{
    private static readonly JsonSerializerOptions Layout = new() { WriteIndented = true, NewLine = "\n", Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
    private readonly ContractSchemas _schemas = new(new XmlDocs(typeof(ProtocolJson).Assembly, typeof(Operation).Assembly));

    public static string Write(IEnumerable<RouteEndpoint> routes) => new DocumentWriter().Document(routes).ToJsonString(Layout) + "\n";

    private JsonObject Document(IEnumerable<RouteEndpoint> routes)
    {
        _schemas.Of(ProtocolJson.Default.ProblemJson);
        _schemas.Of(ProtocolJson.Default.StateEventJson);
        var paths = new JsonObject();
        foreach (var route in routes)
        {
            var path = route.RoutePattern.RawText!;
            var operation = route.Metadata.GetMetadata<Operation>() ?? throw new InvalidOperationException($"{path} is mapped without an Operation.");
            var item = (JsonObject)(paths[path] ??= new JsonObject());
            foreach (var method in route.Metadata.GetRequiredMetadata<HttpMethodMetadata>().HttpMethods)
            {
                item.Add(method.ToLowerInvariant(), Write(operation));
            }
        }
        return new JsonObject
        {
            ["openapi"] = "3.1.1",
            ["info"] = DocumentFrame.Info(),
            ["jsonSchemaDialect"] = "https://json-schema.org/draft/2020-12/schema",
            ["servers"] = new JsonArray(new JsonObject { ["url"] = "/" }),
            ["tags"] = new JsonArray([.. Tags.All.Select(tag => new JsonObject { ["name"] = tag.Name, ["description"] = tag.Description })]),
            ["paths"] = paths,
            ["components"] = new JsonObject
            {
                ["schemas"] = new JsonObject(_schemas.Components.Select(schema => KeyValuePair.Create(schema.Key, (JsonNode?)schema.Value))),
                ["parameters"] = DocumentFrame.Parameters(),
                ["headers"] = DocumentFrame.Headers(),
                ["securitySchemes"] = DocumentFrame.SecuritySchemes(),
            },
        };
    }

    private JsonObject Write(Operation operation)
    {
        var written = new JsonObject
        {
            ["tags"] = new JsonArray(operation.Tag),
            ["operationId"] = operation.Id,
            ["summary"] = operation.Summary,
            ["description"] = operation.Description,
            ["security"] = DocumentFrame.SecurityOf(operation.Access),
        };
        var parameters = new JsonArray([.. operation.Parameters.Select(Write)]);
        if (operation.Waits)
        {
            parameters.Add(new JsonObject { ["$ref"] = "#/components/parameters/Prefer" });
        }
        if (parameters.Count > 0)
        {
            written["parameters"] = parameters;
        }
        if (operation.Body is { } body)
        {
            written["requestBody"] = new JsonObject
            {
                ["description"] = $"At most {body.MostBytes.ToString(CultureInfo.InvariantCulture)} bytes.",
                ["required"] = true,
                ["content"] = new JsonObject { ["application/json"] = new JsonObject { ["schema"] = _schemas.Of(body.Type) } },
            };
        }
        var answers = new SortedDictionary<int, JsonObject>();
        foreach (var reply in operation.Replies)
        {
            answers.Add(reply.Status, Write(operation, reply));
        }
        foreach (var codes in Refusals.Of(operation).Select(ErrorCodes.Get).GroupBy(entry => entry.Status))
        {
            answers.Add(codes.Key, Write(codes.Key, [.. codes]));
        }
        written["responses"] = new JsonObject(answers.Select(answer => KeyValuePair.Create(answer.Key.ToString(CultureInfo.InvariantCulture), (JsonNode?)answer.Value)));
        return written;
    }

    private static JsonObject Write(Parameter parameter) => new()
    {
        ["name"] = parameter.Name,
        ["in"] = parameter.In,
        ["required"] = true,
        ["description"] = parameter.Description,
        ["schema"] = ContractSchemas.Reference(parameter.Schema),
    };

    private JsonObject Write(Operation operation, Reply reply) => new()
    {
        ["description"] = reply.Description,
        ["headers"] = DocumentFrame.HeadersOf(operation),
        ["content"] = new JsonObject
        {
            [reply.MediaType] = new JsonObject
            {
                ["schema"] = reply.Type is { } type ? _schemas.Of(type) : new JsonObject { ["type"] = reply.MediaType == "application/json" ? "object" : "string" },
            },
        },
    };

    private static JsonObject Write(int status, ErrorEntry[] entries) => new()
    {
        ["description"] = string.Join("\n", entries.Select(entry => $"- `{entry.Code}`: {entry.Action}")),
        ["headers"] = DocumentFrame.HeadersOf(status),
        ["content"] = new JsonObject
        {
            ["application/problem+json"] = new JsonObject
            {
                ["schema"] = new JsonObject
                {
                    ["allOf"] = new JsonArray(
                        ContractSchemas.Reference("Problem"),
                        new JsonObject
                        {
                            ["type"] = "object",
                            ["properties"] = new JsonObject
                            {
                                ["code"] = new JsonObject { ["enum"] = new JsonArray([.. entries.Select(entry => JsonValue.Create(entry.Code))]) },
                                ["status"] = new JsonObject { ["const"] = status },
                            },
                        }),
                },
            },
        },
    };
}
