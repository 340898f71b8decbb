using System.Net;
using System.Text.Json;
using System.Text.RegularExpressions;
using KeyMeld.Protocol.Errors;
using KeyMeld.Protocol.Http;
using KeyMeld.Tests.Gateway.Support;

namespace KeyMeld.Tests.Gateway.Http;

/// <summary>
/// What is no HTTP at all is answered by the server before the program sees a call: a status without a body, and the end of the connection. Everything that is a call gets problem details with a code.
/// docs/operations.md says so.
/// </summary>
public sealed partial class MalformedHttpTests : IAsyncLifetime
{
    private const string Post = "POST /api/v1/keys HTTP/1.1\r\nHost: gateway\r\nContent-Type: application/json\r\n";
    private TestGateway _gateway = null!;

    public async ValueTask InitializeAsync() => _gateway = await TestGateway.StartAsync(enclaves: 1, ready: false, overrides: TestGateway.Unhurried());

    public ValueTask DisposeAsync() => _gateway.DisposeAsync();

    [Theory]
    [InlineData("no HTTP", "hello\r\n\r\n", "400 Bad Request")]
    [InlineData("the beginning of TLS", "\u0016\u0003\u0001\u0000\u0005\r\n\r\n", "400 Bad Request")]
    [InlineData("no version", "GET /\r\nHost: gateway\r\n\r\n", "400 Bad Request")]
    [InlineData("another version", "GET / HTTP/3.7\r\nHost: gateway\r\n\r\n", "505 HTTP Version Not Supported")]
    [InlineData("a target that is none", "GET nowhere HTTP/1.1\r\nHost: gateway\r\n\r\n", "405 Method Not Allowed", "Allow: CONNECT\r\n")]
    [InlineData("a null in the path", "GET /%00 HTTP/1.1\r\nHost: gateway\r\n\r\n", "400 Bad Request")]
    [InlineData("no host", "GET / HTTP/1.1\r\n\r\n", "400 Bad Request")]
    [InlineData("two hosts", "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", "400 Bad Request")]
    [InlineData("a host that is none", "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", "400 Bad Request")]
    [InlineData("another host in the target", "GET http://elsewhere/ HTTP/1.1\r\nHost: gateway\r\n\r\n", "400 Bad Request")]
    [InlineData("a header without a name", "GET / HTTP/1.1\r\nHost: gateway\r\n: a\r\n\r\n", "400 Bad Request")]
    [InlineData("a header with a space in its name", "GET / HTTP/1.1\r\nHost: gateway\r\nA b: a\r\n\r\n", "400 Bad Request")]
    [InlineData("a folded header", "GET / HTTP/1.1\r\nHost: gateway\r\nA: a\r\n b\r\n\r\n", "400 Bad Request")]
    [InlineData("a length that is none", Post + "Content-Length: some\r\n\r\n", "400 Bad Request")]
    [InlineData("two lengths", Post + "Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}", "400 Bad Request")]
    [InlineData("a body of no known length", "POST /api/v1/keys HTTP/1.1\r\nHost: gateway\r\nTransfer-Encoding: gzip\r\n\r\n", "400 Bad Request")]
    public async Task N04_what_is_no_HTTP_is_answered_with_a_status_alone_and_hung_up_on(string what, string sent, string status, string more = "")
    {
        Assert.NotEmpty(what);
        var answer = await SayAsync(sent);

        Assert.Equal($"HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\nDate: …\r\n{more}\r\n", DateValue().Replace(answer, "Date: …"));
        await GoesOnAsync();
    }

    [Fact]
    public async Task N04_HTTP_2_without_TLS_is_told_to_come_with_HTTP_1_1()
    {
        // RFC 9113 sections 6.8 and 7: a GOAWAY frame of 8 bytes, no stream, HTTP_1_1_REQUIRED.
        Assert.Equal("\0\0\u0008\u0007\0\0\0\0\0\0\0\0\0\0\0\0\u000d", await SayAsync("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"));
        await GoesOnAsync();
    }

    [Theory]
    [InlineData("a target without end", "414 URI Too Long")]
    [InlineData("a header without end", "431 Request Header Fields Too Large")]
    [InlineData("headers without end", "431 Request Header Fields Too Large")]
    public async Task N04_what_is_longer_than_any_call_is_answered_with_a_status_alone_and_hung_up_on(string what, string status)
    {
        var answer = await SayAsync(what switch
        {
            "a target without end" => $"GET /{new string('a', 5000)} HTTP/1.1\r\nHost: gateway\r\n\r\n",
            "a header without end" => $"GET / HTTP/1.1\r\nHost: gateway\r\nA: {new string('a', 20_000)}\r\n\r\n",
            _ => $"GET / HTTP/1.1\r\nHost: gateway\r\n{string.Concat(Enumerable.Range(0, 100).Select(number => $"A{number}: a\r\n"))}\r\n",
        });

        Assert.Equal($"HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\nDate: …\r\n\r\n", DateValue().Replace(answer, "Date: …"));
        await GoesOnAsync();
    }

    [Theory]
    [InlineData("an unknown host", "GET /nothing HTTP/1.1\r\nHost: somebody.example\r\n", "404 Not Found", ErrorCodes.NotFound)]
    [InlineData("an unknown method", "MADEUP /api/v1/enclaves HTTP/1.1\r\nHost: gateway\r\n", "405 Method Not Allowed", ErrorCodes.MethodNotAllowed)]
    [InlineData("a target of a proxy", "CONNECT elsewhere:443 HTTP/1.1\r\nHost: elsewhere:443\r\n", "404 Not Found", ErrorCodes.NotFound)]
    [InlineData("a chunk that is none", Post + "Transfer-Encoding: chunked\r\n\r\nxyz\r\n", "400 Bad Request", ErrorCodes.BadRequest)]
    [InlineData("a chunk without its end", Post + "Transfer-Encoding: chunked\r\n\r\n2\r\n{}{}\r\n0\r\n", "400 Bad Request", ErrorCodes.BadRequest)]
    [InlineData("a body that is too long", Post + "Content-Length: 200000\r\n", "413 Payload Too Large", ErrorCodes.PayloadTooLarge)]
    public async Task N04_what_is_a_call_gets_problem_details_with_a_code(string what, string sent, string status, string code)
    {
        Assert.NotEmpty(what);
        var answer = await SayAsync(sent.Contains("\r\n\r\n", StringComparison.Ordinal) ? sent + "\r\n" : sent + "Connection: close\r\n\r\n");

        Assert.StartsWith($"HTTP/1.1 {status}\r\n", answer, StringComparison.Ordinal);
        Assert.Contains("Content-Type: application/problem+json\r\n", answer, StringComparison.Ordinal);
        var problem = JsonSerializer.Deserialize(Body().Match(answer).Value, ProtocolJson.Default.ProblemJson)!;
        Assert.Equal(code, problem.Code);
        Assert.False(string.IsNullOrWhiteSpace(problem.Detail));
        await GoesOnAsync();
    }

    private async Task<string> SayAsync(string text)
    {
        using var neighbour = new Neighbour("127.0.0.5", _gateway.Address);
        return await (await neighbour.ConnectAsync(text)).ReadToEndAsync();
    }

    private async Task GoesOnAsync() => Assert.Equal(HttpStatusCode.OK, (await _gateway.GetAsync("/api/v1/health/live")).Status);

    [GeneratedRegex("Date: [^\r]+")]
    private static partial Regex DateValue();

    [GeneratedRegex(@"\{.*\}")]
    private static partial Regex Body();
}
