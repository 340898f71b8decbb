using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using KeyMeld.Gateway.OpenApi;
using KeyMeld.Tests.Gateway.OpenApi.Examples;
using KeyMeld.Tests.Gateway.Support;
using KeyMeld.Tests.Support;
using Microsoft.OpenApi;

namespace KeyMeld.Tests.Gateway.OpenApi;

/// <summary>docs/api/openapi.json is written from the routes and contracts of the gateway. <c>KEYMELD_WRITE_DOCS=1</c> writes it anew; the gateway serves it from its next build on.</summary>
public sealed class OpenApiDocumentTests : IAsyncLifetime
{
    private ExampleGateway _example = null!;

    private TestGateway Gateway => _example.Inside;

    private static string Committed => Path.Combine(Vectors.SourceRoot(), "docs", "api", "openapi.json");

    public async ValueTask InitializeAsync() => _example = await ExampleGateway.StartAsync();

    public ValueTask DisposeAsync() => _example.DisposeAsync();

    [Fact]
    public async Task The_document_describes_the_routes_contracts_and_answers_of_this_build()
    {
        var written = DocumentWriter.Write(Gateway.Routes, await ExampleScript.RunAsync(_example));
        if (Environment.GetEnvironmentVariable("KEYMELD_WRITE_DOCS") == "1")
        {
            File.WriteAllText(Committed, written);
        }
        Assert.Equal(written, File.ReadAllText(Committed));
    }

    [Fact]
    public async Task The_program_serves_the_committed_document_byte_for_byte()
    {
        var answer = await Gateway.GetAsync("/openapi/v1.json");
        Assert.Equal((HttpStatusCode.OK, "application/json"), (answer.Status, answer.MediaType));
        Assert.Equal(File.ReadAllText(Committed), Encoding.UTF8.GetString(answer.Body));
    }

    [Fact]
    public async Task Every_example_of_the_committed_document_is_answered_as_it_says()
    {
        var document = JsonNode.Parse(File.ReadAllText(Committed))!;
        var calls = ApiDocument.Committed.Calls.ToDictionary(call => call.Id);
        var replayed = 0;
        foreach (var step in (JsonArray)document["x-example-run"]!["steps"]!)
        {
            var (call, name) = (calls[(string)step!["operation"]!], (string)step["example"]!);
            var body = call.Node["requestBody"]?["content"]!["application/json"]!["examples"]![name]!["value"];
            var headers = (step["headers"] as JsonObject ?? []).ToDictionary(header => header.Key, header => (string)header.Value!);
            var done = await _example.DoAsync(new ExampleStep(call.Id, name, "", (string)step["method"]!, (string)step["target"]!, (string?)step["authorization"], headers, body, 0, null, null) { Varies = Varying.Read(step) });
            var promised = call.Node["responses"]![((int)step["status"]!).ToString(System.Globalization.CultureInfo.InvariantCulture)]!["content"]!.AsObject().Single();
            Assert.Equal(((int)step["status"]!, promised.Key), (done.Status, done.MediaType));
            Assert.True(JsonNode.DeepEquals(promised.Value!["examples"]![name]!["value"], done.Shown), $"{call.Id} {name}: {done.Shown}");
            replayed++;
        }
        Assert.True(replayed > 30);
        // No example is left that nobody replays.
        Assert.Equal(
            replayed,
            calls.Values.Sum(call => ((JsonObject)call.Node["responses"]!).Sum(response => (response.Value!["content"] as JsonObject ?? []).Sum(media => (media.Value!["examples"] as JsonObject)?.Count ?? 0))));
    }

    [Fact]
    public void Somebody_elses_reader_finds_nothing_wrong_with_it()
    {
        var read = OpenApiDocument.Parse(File.ReadAllText(Committed), "json");
        Assert.Empty(read.Diagnostic!.Errors);
        Assert.Empty(read.Diagnostic.Warnings);
        Assert.Equal(OpenApiSpecVersion.OpenApi3_1, read.Diagnostic.SpecificationVersion);
        Assert.Equal(Gateway.Routes.Select(route => route.RoutePattern.RawText).Distinct().Count(), read.Document!.Paths.Count);
    }

    [Fact]
    public void Every_operation_has_an_id_of_its_own_and_says_what_it_is_about()
    {
        var operations = Gateway.Routes.Select(route => route.Metadata.GetMetadata<Operation>()!).ToList();
        Assert.NotEmpty(operations);
        Assert.Equal(operations.Count, operations.DistinctBy(operation => operation.Id).Count());
        Assert.All(operations, operation =>
        {
            Assert.Contains(operation.Tag, Tags.All.Select(tag => tag.Name));
            Assert.All([operation.Summary, operation.Description], text => Assert.False(string.IsNullOrWhiteSpace(text)));
        });
    }
}
