using System.Net;
using System.Net.Sockets;
using System.Text;
using KeyMeld.Protocol.Errors;
using KeyMeld.Protocol.Http;
using KeyMeld.Tests.Gateway.Fuzzing;
using KeyMeld.Tests.Gateway.OpenApi;
using KeyMeld.Tests.Gateway.Support;

namespace KeyMeld.Tests.Gateway.Http;

/// <summary>Bodies that are not what a call takes, one by one and on every call that takes one. The fuzzer draws what nobody thought of.</summary>
public sealed class BadInputTests : IAsyncLifetime
{
    private TestGateway _gateway = null!;

    public async ValueTask InitializeAsync() => _gateway = await TestGateway.StartAsync(enclaves: 1, overrides: TestGateway.Unhurried());

    public ValueTask DisposeAsync() => _gateway.DisposeAsync();

    private static IEnumerable<ApiCall> Posts => ApiDocument.Committed.Calls.Where(call => call.BodySchema is not null && !call.Path.Contains("/operator/", StringComparison.Ordinal));

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("1e999999")]
    [InlineData("{")]
    [InlineData("{}{}")]
    [InlineData("{} //")]
    [InlineData("{\"statement\":\"oA==\",\"statement\":\"oA==\",\"signatures\":[]}")]
    [InlineData("{\"unknown\":1}")]
    [InlineData("{\"statement\":\"oA\",\"signatures\":[]}")]
    [InlineData("{\"statement\":\"-_-_\",\"signatures\":[]}")]
    [InlineData("{\"statement\":\"oA==\",\"signatures\":[\"AB\"]}")]
    [InlineData("{\"statement\":\"oA==\",\"signatures\":[null]}")]
    [InlineData("{\"statement\":\"\\ud800\",\"signatures\":[]}")]
    [InlineData("{\"attempt\":123456789012345678901234567890}")]
    public async Task N04_malformed_JSON_hex_and_base64_are_bad_requests(string body)
    {
        foreach (var call in Posts)
        {
            (await _gateway.PostTextAsync(Path(call), body)).IsProblem(HttpStatusCode.BadRequest, ErrorCodes.BadRequest);
        }
    }

    [Theory]
    [InlineData("{\"dry_run\":true,\"dry_run\":true}")]
    [InlineData("{\"dry_run\":null}")]
    [InlineData("{\"dry_run\":\"true\"}")]
    [InlineData("{\"really\":true}")]
    public async Task N04_an_operators_order_is_read_as_strictly(string body)
    {
        var before = File.ReadAllBytes(_gateway.Database);
        (await _gateway.PostTextAsync("/api/v1/operator/enclaves/0/rotate", body)).IsProblem(HttpStatusCode.BadRequest, ErrorCodes.BadRequest);
        Assert.Equal(before, File.ReadAllBytes(_gateway.Database));
    }

    [Fact]
    public async Task N04_bytes_that_are_no_UTF_8_and_nesting_without_end_are_bad_requests()
    {
        byte[][] bodies =
        [
            [0x7B, 0x22, 0xFF, 0xFE, 0x22, 0x3A, 0x31, 0x7D], [0xC3, 0x28], Encoding.Unicode.GetBytes("{}"), Encoding.UTF8.GetBytes(new string('[', 60_000)),
            Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat("{\"a\":", 10_000))),
        ];
        foreach (var call in Posts)
        {
            foreach (var body in bodies)
            {
                (await _gateway.SendAsync(HttpMethod.Post, Path(call), body, null, null)).IsProblem(HttpStatusCode.BadRequest, ErrorCodes.BadRequest);
            }
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("gA==")]
    [InlineData("oWF2AQ==")]
    [InlineData("oWF2GAE=")]
    [InlineData("v2F2Af8=")]
    [InlineData("omF2AWF2AQ==")]
    [InlineData("oWF2AQA=")]
    [InlineData("m///////////")]
    [InlineData("gYGBgYGBgYGBgYGBgYGBgYGBgYGBgYGBgQ==")]
    public async Task N04_malformed_CBOR_is_no_statement(string statement)
    {
        var signed = $"{{\"statement\":\"{statement}\",\"signatures\":[\"{new string('0', 128)}\"]}}";
        var hash = new string('0', 64);
        (string Path, string Body)[] calls =
        [
            ("/api/v1/keygen", $"{{\"manifest\":{signed},\"terms\":\"oA==\",\"session_secrets\":[]}}"),
            ($"/api/v1/keygen/{hash}/participants", $"{{\"registration\":{signed}}}"),
            ($"/api/v1/keygen/{hash}/erase", signed),
            ("/api/v1/signing", $"{{\"request\":{signed},\"items\":\"oA==\"}}"),
            ($"/api/v1/signing/{hash}/approvals", signed),
            ($"/api/v1/signing/{hash}/cancel", signed),
            ("/api/v1/keys", $"{{\"key\":{signed},\"sealed\":\"oA==\"}}"),
            ($"/api/v1/keys/{hash}/erase", signed),
            ($"/api/v1/keys/{hash}/sign", $"{{\"request\":{signed},\"sealed\":\"oA==\"}}"),
        ];
        foreach (var (path, body) in calls)
        {
            (await _gateway.PostTextAsync(path, body)).IsProblem(HttpStatusCode.BadRequest, ErrorCodes.StatementInvalid);
        }
    }

    [Fact]
    public async Task N04_a_body_over_the_limit_is_refused_whether_it_says_its_length_or_not()
    {
        foreach (var call in Posts.Where(call => call.Id is "addKey" or "eraseKey" or "decideSigning" or "joinGroup"))
        {
            (await _gateway.SendAsync(HttpMethod.Post, Path(call), new byte[(128 * 1024) + 1], null, null)).IsProblem(HttpStatusCode.RequestEntityTooLarge, ErrorCodes.PayloadTooLarge);
            var chunks = string.Concat(Enumerable.Repeat("8000\r\n" + new string(' ', 0x8000) + "\r\n", 5)) + "0\r\n\r\n";
            var answer = await new RawCall("POST", Path(call), [("Host", "gateway"), ("Content-Type", "application/json"), ("Transfer-Encoding", "chunked")], Encoding.ASCII.GetBytes(chunks))
                .SendAsync(_gateway.Http.BaseAddress!, TestContext.Current.CancellationToken);
            Assert.Equal((413, "application/problem+json"), (answer.Status, answer.MediaType));
        }
        Assert.Equal(HttpStatusCode.OK, (await _gateway.GetAsync("/api/v1/health/live")).Status);
    }

    [Fact]
    public async Task N04_a_body_that_comes_too_slowly_is_given_up_and_others_are_served_meanwhile()
    {
        using var slow = new TcpClient();
        await slow.ConnectAsync(_gateway.Http.BaseAddress!.Host, _gateway.Http.BaseAddress.Port, TestContext.Current.CancellationToken);
        await slow.GetStream().WriteAsync("POST /api/v1/keys HTTP/1.1\r\nHost: gateway\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"u8.ToArray(), TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.OK, (await _gateway.GetAsync("/api/v1/health/live")).Status);
        var answer = await RawAnswer.ReadAsync(slow.GetStream(), isHead: false, TestContext.Current.CancellationToken);
        Assert.Equal(408, answer.Status);
        Assert.Equal(ErrorCodes.Timeout, System.Text.Json.JsonSerializer.Deserialize(answer.Body, ProtocolJson.Default.ProblemJson)!.Code);
        Assert.Equal(HttpStatusCode.OK, (await _gateway.GetAsync("/api/v1/health/live")).Status);
    }

    [Theory]
    [InlineData("text/plain")]
    [InlineData("application/json; charset=utf-16")]
    [InlineData("application/x-www-form-urlencoded")]
    public async Task N04_another_media_type_is_refused_before_the_body_is_read(string type)
    {
        foreach (var call in Posts)
        {
            var answer = await new RawCall("POST", Path(call), [("Host", "gateway"), ("Connection", "close"), ("Content-Type", type), ("Content-Length", "2")], "{}"u8.ToArray())
                .SendAsync(_gateway.Http.BaseAddress!, TestContext.Current.CancellationToken);
            Assert.Equal((415, null), (answer.Status, ApiDocument.Committed.Complaint(call, answer.Status, answer.MediaType, answer.Body)));
        }
    }

    private static string Path(ApiCall call) => string.Join('/', call.Path.Split('/').Select(segment => segment.StartsWith('{') ? new string('0', 64) : segment));
}
