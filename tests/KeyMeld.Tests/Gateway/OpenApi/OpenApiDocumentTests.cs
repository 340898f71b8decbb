using System.Net;
using System.Text;
using KeyMeld.Gateway.OpenApi;
using KeyMeld.Tests.Gateway.Support;
using KeyMeld.Tests.Support;

namespace KeyMeld.Tests.Gateway.OpenApi;

/// <summary>docs/api/openapi.json is written from the routes and contracts of the gateway. <c>KEYMELD_WRITE_DOCS=1</c> writes it anew; the gateway serves it from its next build on.</summary>
public sealed class OpenApiDocumentTests : IAsyncLifetime
{
    private TestGateway _gateway = null!;

    private static string Committed => Path.Combine(Vectors.SourceRoot(), "docs", "api", "openapi.json");

    public async ValueTask InitializeAsync() => _gateway = await TestGateway.StartAsync(enclaves: 1);

    public ValueTask DisposeAsync() => _gateway.DisposeAsync();

    [Fact]
    public void The_document_describes_the_routes_and_contracts_of_this_build()
    {
        var written = DocumentWriter.Write(_gateway.Routes);
        if (Environment.GetEnvironmentVariable("KEYMELD_WRITE_DOCS") == "1")
        {
            File.WriteAllText(Committed, written);
        }
        Assert.Equal(written, File.ReadAllText(Committed));
    }

    [Fact]
    public async Task The_program_serves_the_committed_document_byte_for_byte()
    {
        var answer = await _gateway.GetAsync("/openapi/v1.json");
        Assert.Equal((HttpStatusCode.OK, "application/json"), (answer.Status, answer.MediaType));
        Assert.Equal(File.ReadAllText(Committed), Encoding.UTF8.GetString(answer.Body));
    }

    [Fact]
    public void Every_operation_has_an_id_of_its_own_and_says_what_it_is_about()
    {
        var operations = _gateway.Routes.Select(route => route.Metadata.GetMetadata<Operation>()!).ToList();
        Assert.NotEmpty(operations);
        Assert.Equal(operations.Count, operations.DistinctBy(operation => operation.Id).Count());
        Assert.All(operations, operation =>
        {
            Assert.Contains(operation.Tag, Tags.All.Select(tag => tag.Name));
            Assert.All([operation.Summary, operation.Description], text => Assert.False(string.IsNullOrWhiteSpace(text)));
        });
    }
}
