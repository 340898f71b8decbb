// OpenAPI 3.1.1.
using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using KeyMeld.Gateway.OpenApi;
using KeyMeld.Protocol.Errors;
using KeyMeld.Protocol.Http;
using KeyMeld.Tests.Gateway.OpenApi.Examples;
using Microsoft.AspNetCore.Routing;

namespace KeyMeld.Tests.Gateway.OpenApi;

/// <summary>Writes the OpenAPI document from the mapped routes, their <see cref="Operation"/>s and the contracts.</summary>
internal sealed class DocumentWriter(IReadOnlyList<ExampleStep> examples)
{
    private static readonly JsonSerializerOptions Layout = new() { WriteIndented = true, NewLine = "\n", Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
    private readonly ContractSchemas _schemas = new(new XmlDocs(typeof(ProtocolJson).Assembly, typeof(Operation).Assembly));

    public static string Write(IEnumerable<RouteEndpoint> routes, IReadOnlyList<ExampleStep> examples) => new DocumentWriter(examples).Document(routes).ToJsonString(Layout) + "\n";

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
                item.Add(method.ToLowerInvariant(), Write(operation, path, operation.HasETag && method == HttpMethod.Get.Method));
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
            ["x-example-run"] = new JsonObject
            {
                ["description"] = "The examples in an order in which a gateway whose clock stands at `time` (Unix milliseconds) answers them as they say. Statements, signatures and Authorizations are real, of keys that are public; "
                    + "sealed blobs and what an enclave says are random bytes of the right size. Bodies are sent compact, with the members in the order of the example. "
                    + "What `varies` names (JSON pointers, `*` for each element that has it) is another each time, and the example shows the value given here; of a text that has `lines` only those of these metrics are shown.",
                ["time"] = ExampleKeys.Now.ToUnixTimeMilliseconds(),
                ["authority"] = Support.TestGateway.Authority,
                ["steps"] = new JsonArray([.. examples.Select(step => step.ToJson())]),
            },
        };
    }

    private JsonObject Write(Operation operation, string path, bool isRead)
    {
        var written = new JsonObject
        {
            ["tags"] = new JsonArray(operation.Tag),
            ["operationId"] = operation.Id,
            ["summary"] = operation.Summary,
            ["description"] = operation.Description,
            ["security"] = DocumentFrame.SecurityOf(operation.Access),
        };
        var shown = examples.Where(step => step.Operation == operation.Id).ToList();
        var parameters = new JsonArray([.. operation.Parameters.Select(parameter => Write(parameter, path, shown))]);
        if (operation.Waits)
        {
            parameters.Add(new JsonObject { ["$ref"] = "#/components/parameters/Prefer" });
        }
        if (isRead)
        {
            parameters.Add(new JsonObject { ["$ref"] = "#/components/parameters/" + (operation.IsStream ? "LastEventId" : "IfNoneMatch") });
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
                ["content"] = new JsonObject { ["application/json"] = With(ExamplesOf(shown, step => step.Body), new JsonObject { ["schema"] = _schemas.Of(body.Type) }) },
            };
        }
        var answers = new SortedDictionary<int, JsonObject>();
        foreach (var reply in operation.Replies)
        {
            answers.Add(reply.Status, Write(operation, reply, isRead));
        }
        if (operation.IsStream)
        {
            answers.Add(204, new JsonObject { ["description"] = "The event that `Last-Event-ID` names was the final one: there is nothing more to come.", ["headers"] = DocumentFrame.HeadersOf(204) });
        }
        else if (isRead)
        {
            answers.Add(304, new JsonObject { ["description"] = "It is what `If-None-Match` names.", ["headers"] = DocumentFrame.HeadersOf(operation, isRead) });
        }
        foreach (var codes in Refusals.Of(operation).Select(ErrorCodes.Get).GroupBy(entry => entry.Status))
        {
            answers.Add(codes.Key, Write(codes.Key, [.. codes]));
        }
        foreach (var step in shown)
        {
            AddAnswer(answers[step.Status], step);
        }
        if (shown.FirstOrDefault() is { } first)
        {
            written["x-codeSamples"] = new JsonArray(new JsonObject { ["lang"] = "Shell", ["label"] = first.Summary, ["source"] = first.ToCurl() });
        }
        written["responses"] = new JsonObject(answers.Select(answer => KeyValuePair.Create(answer.Key.ToString(CultureInfo.InvariantCulture), (JsonNode?)answer.Value)));
        return written;
    }

    private static JsonObject Write(Parameter parameter, string path, List<ExampleStep> shown)
    {
        var written = new JsonObject
        {
            ["name"] = parameter.Name,
            ["in"] = parameter.In,
            ["required"] = true,
            ["description"] = parameter.Description,
            ["schema"] = ContractSchemas.Reference(parameter.Schema),
        };
        if (shown.FirstOrDefault() is { } step)
        {
            var value = parameter.In == "query" ? step.Target.Split('=')[1] : step.Target.Split('/')[Array.IndexOf(path.Split('/'), $"{{{parameter.Name}}}")];
            written["example"] = parameter.Schema == "EnclaveNumber" ? int.Parse(value, CultureInfo.InvariantCulture) : value;
        }
        return written;
    }

    private static JsonObject? ExamplesOf(IEnumerable<ExampleStep> shown, Func<ExampleStep, JsonNode?> value)
    {
        var written = new JsonObject(shown.Where(step => value(step) is not null)
            .Select(step => KeyValuePair.Create(step.Name, (JsonNode?)new JsonObject { ["summary"] = step.Summary, ["value"] = value(step)!.DeepClone() })));
        return written.Count > 0 ? written : null;
    }

    private static JsonObject With(JsonObject? shown, JsonObject media)
    {
        if (shown is not null)
        {
            media["examples"] = shown;
        }
        return media;
    }

    // Fails where the gateway answered what is not documented.
    private static void AddAnswer(JsonObject response, ExampleStep step)
    {
        if (step.Shown is { } answer)
        {
            var shown = (JsonObject)(response["content"]![step.MediaType!]!["examples"] ??= new JsonObject());
            shown[step.Name] = new JsonObject { ["summary"] = step.Summary, ["value"] = answer };
        }
    }

    private JsonObject Write(Operation operation, Reply reply, bool isRead) => new()
    {
        ["description"] = reply.Description,
        ["headers"] = DocumentFrame.HeadersOf(operation, isRead),
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
