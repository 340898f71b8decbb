using System.Net;
using System.Text.Json;
using KeyMeld.Protocol.Errors;
using KeyMeld.Protocol.Http;
using KeyMeld.Tests.Gateway.OpenApi;
using KeyMeld.Tests.Gateway.Support;

namespace KeyMeld.Tests.Gateway.Http;

/// <summary>Whoever sends a body that is not as it should be is told which member is meant, and is never sent back what it sent.</summary>
public sealed class JsonFaultsTests : IAsyncLifetime
{
    private const string Signatures = "\"signatures\":[]";
    private TestGateway _gateway = null!;

    public async ValueTask InitializeAsync() => _gateway = await TestGateway.StartAsync(enclaves: 1, ready: false, overrides: TestGateway.Unhurried());

    public ValueTask DisposeAsync() => _gateway.DisposeAsync();

    [Fact]
    public async Task Every_call_names_the_members_that_its_document_requires_and_that_are_missing()
    {
        var posts = ApiDocument.Committed.Calls.Where(call => call.BodySchema is not null && !call.Path.Contains("/operator/", StringComparison.Ordinal)).ToList();
        Assert.True(posts.Count > 8);
        foreach (var call in posts)
        {
            var required = ApiDocument.Committed.Component((string)call.BodySchema!["$ref"]!)["required"]!.AsArray().Select(name => (string)name!).ToList();
            Assert.NotEmpty(required);
            var detail = await DetailAsync(string.Join('/', call.Path.Split('/').Select(segment => segment.StartsWith('{') ? new string('0', 64) : segment)), "{}");
            Assert.EndsWith(" missing.", detail, StringComparison.Ordinal);
            var named = detail[..detail.IndexOf(':', StringComparison.Ordinal)].Split(", ").Select(path => path[2..]).ToList();
            Assert.Equal(required.Order(), named.Order());
        }
    }

    [Theory]
    [InlineData("""{"items":"oA=="}""", "$.request: is missing.")]
    [InlineData("""{"request":{"statement":"oA=="},"items":"oA=="}""", "$.request.signatures: is missing.")]
    [InlineData("""{"request":{},"items":"oA=="}""", "$.request.statement, $.request.signatures: are missing.")]
    [InlineData("""{"request":{"statement":"oA==",""" + Signatures + """},"items":null}""", "$.items: must not be null.")]
    [InlineData("""{"request":null,"items":"oA=="}""", "$.request: must not be null.")]
    [InlineData("""{"request":{"statement":"oA==",""" + Signatures + """},"items":"oA==","extra":"a secret"}""", "$.extra: this call has no such member.")]
    [InlineData("""{"request":{"statement":"oA==","memo":"a secret",""" + Signatures + """},"items":"oA=="}""", "$.request.memo: this call has no such member.")]
    [InlineData("""{"request":{"statement":"oA==","statement":"oA==",""" + Signatures + """},"items":"oA=="}""", "$.request.statement: stands there twice.")]
    [InlineData("""{"items":"oA==","items":"oA=="}""", "$.items: stands there twice.")]
    [InlineData("""{"Items":"oA==","request":{"statement":"oA==",""" + Signatures + """}}""", "$.Items: this call has no such member.")]
    [InlineData("""{"request":"a secret","items":"oA=="}""", "$.request: is not what this call takes here.")]
    public async Task A_refusal_names_the_member_by_its_path(string body, string detail) => Assert.Equal(detail, await DetailAsync("/api/v1/signing", body));

    [Theory]
    [InlineData("""{"request":{"statement":"CANARY",""" + Signatures + """},"items":"oA=="}""")]
    [InlineData("""{"request":{"statement":"oA==","signatures":["CANARY"]},"items":"oA=="}""")]
    [InlineData("""{"request":{"statement":"oA==","CANARY":1,""" + Signatures + """},"items":"CANARY"}""")]
    [InlineData("""{"request":["CANARY"],"items":"oA=="}""")]
    [InlineData("""{"items":"CANARY","items":"CANARY"}""")]
    [InlineData("""{"items":CANARY}""")]
    [InlineData("CANARY")]
    public async Task No_value_that_was_sent_comes_back(string body)
    {
        var canary = $"c{Guid.NewGuid():N}'$\\u0027".Replace("$", "", StringComparison.Ordinal);
        var detail = await DetailAsync("/api/v1/signing", body.Replace("\"CANARY\":1", "\"x\":1", StringComparison.Ordinal).Replace("CANARY", canary, StringComparison.Ordinal));
        Assert.DoesNotContain(canary[..12], detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_name_without_end_is_cut_short()
    {
        var detail = await DetailAsync("/api/v1/signing", $$"""{"{{new string('a', 100_000)}}":1}""");
        Assert.InRange(detail.Length, 1, 300);
        Assert.EndsWith("this call has no such member.", detail, StringComparison.Ordinal);
    }

    private async Task<string> DetailAsync(string path, string body)
    {
        var answer = await _gateway.PostTextAsync(path, body);
        answer.IsProblem(HttpStatusCode.BadRequest, ErrorCodes.BadRequest);
        return JsonSerializer.Deserialize(answer.Body, ProtocolJson.Default.ProblemJson)!.Detail!;
    }
}
