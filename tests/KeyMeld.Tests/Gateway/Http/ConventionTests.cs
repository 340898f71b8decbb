using System.IO.Compression;
using System.Net;
using System.Text.Json;
using KeyMeld.Protocol.Errors;
using KeyMeld.Protocol.Http;
using KeyMeld.Secp256k1;
using KeyMeld.Tests.Gateway.Support;

namespace KeyMeld.Tests.Gateway.Http;

/// <summary>What every call does alike: request ids, validators, HEAD and OPTIONS, compression.</summary>
public sealed class ConventionTests : IAsyncLifetime
{
    private TestGateway _gateway = null!;

    public async ValueTask InitializeAsync() => _gateway = await TestGateway.StartAsync();

    public ValueTask DisposeAsync() => _gateway.DisposeAsync();

    [Fact]
    public async Task A_read_that_changed_nothing_is_304_and_a_change_is_another_tag()
    {
        var group = TestGroup.Make(_gateway);
        await group.CreateAsync();
        using var first = await SendAsync(HttpMethod.Get, group.Path, group.Creator);
        var tag = first.Headers.ETag!;
        Assert.False(tag.IsWeak);
        using var again = await SendAsync(HttpMethod.Get, group.Path, group.Creator, ("If-None-Match", $"\"other\", {tag}"));
        Assert.Equal((HttpStatusCode.NotModified, tag.Tag, 0), (again.StatusCode, again.Headers.ETag!.Tag, (await again.Content.ReadAsByteArrayAsync(Cancel)).Length));
        await group.JoinAsync(0);
        using var changed = await SendAsync(HttpMethod.Get, group.Path, group.Creator, ("If-None-Match", tag.Tag));
        Assert.Equal(HttpStatusCode.OK, changed.StatusCode);
        Assert.NotEqual(tag.Tag, changed.Headers.ETag!.Tag);
    }

    [Fact]
    public async Task A_tag_tells_nobody_what_an_answer_would_not()
    {
        var group = TestGroup.Make(_gateway);
        await group.CreateAsync();
        using var shown = await SendAsync(HttpMethod.Get, group.Path, group.Creator);
        using var thief = SecretKey.Generate();
        foreach (var known in (string[])[shown.Headers.ETag!.Tag, "*"])
        {
            using var foreign = await SendAsync(HttpMethod.Get, group.Path, thief, ("If-None-Match", known));
            using var nobody = await SendAsync(HttpMethod.Get, group.Path, null, ("If-None-Match", known));
            Assert.Equal((HttpStatusCode.NotFound, HttpStatusCode.Unauthorized), (foreign.StatusCode, nobody.StatusCode));
            Assert.All([foreign, nobody], refusal => Assert.Null(refusal.Headers.ETag));
        }
    }

    [Theory]
    [InlineData("my-call_1.a", true)]
    [InlineData("0123456789012345678901234567890123456789012345678901234567890123", true)]
    [InlineData("01234567890123456789012345678901234567890123456789012345678901234", false)]
    [InlineData("a b", false)]
    [InlineData("<script>", false)]
    [InlineData("../x", false)]
    public async Task Every_answer_has_a_request_id_the_callers_where_it_is_harmless(string sent, bool isKept)
    {
        using var refusal = await SendAsync(HttpMethod.Get, "/api/v1/keys", null, ("X-Request-Id", sent));
        using var answer = await SendAsync(HttpMethod.Get, "/api/v1/health/live", null, ("X-Request-Id", sent));
        Assert.All([refusal, answer], response => Assert.Equal(isKept, IdOf(response) == sent));
        var problem = JsonSerializer.Deserialize(await refusal.Content.ReadAsByteArrayAsync(Cancel), ProtocolJson.Default.ProblemJson)!;
        Assert.Equal(IdOf(refusal), problem.Instance);
    }

    [Fact]
    public async Task Calls_without_an_id_get_different_ones()
    {
        using var first = await SendAsync(HttpMethod.Get, "/nowhere", null);
        using var second = await SendAsync(HttpMethod.Get, "/nowhere", null);
        Assert.NotEqual(IdOf(first), IdOf(second));
        Assert.Matches("^[0-9a-f]{32}$", IdOf(first));
    }

    [Fact]
    public async Task HEAD_is_GET_without_a_body_also_of_what_takes_an_Authorization_and_not_of_streams()
    {
        var group = TestGroup.Make(_gateway);
        await group.CreateAsync();
        foreach (var (path, reader) in new (string, SecretKey?)[] { (group.Path, group.Creator), ("/api/v1/enclaves", null), ("/openapi/v1.json", null), ("/docs", null) })
        {
            using var got = await SendAsync(HttpMethod.Get, path, reader);
            using var head = await SendAsync(HttpMethod.Head, path, reader);
            Assert.Equal((HttpStatusCode.OK, got.Content.Headers.ContentLength, got.Headers.ETag), (head.StatusCode, head.Content.Headers.ContentLength, head.Headers.ETag));
            Assert.Empty(await head.Content.ReadAsByteArrayAsync(Cancel));
        }
        // Signed for GET it is not for HEAD.
        var header = _gateway.Authorize(HttpMethod.Get, group.Path, [], group.Creator);
        using var other = await SendAsync(HttpMethod.Head, group.Path, null, ("Authorization", header));
        using var stream = await SendAsync(HttpMethod.Head, group.Path + "/events", group.Creator);
        using var post = await SendAsync(HttpMethod.Head, "/api/v1/signing", null);
        Assert.Equal((HttpStatusCode.Unauthorized, HttpStatusCode.MethodNotAllowed, HttpStatusCode.MethodNotAllowed), (other.StatusCode, stream.StatusCode, post.StatusCode));
    }

    [Theory]
    [InlineData("/api/v1/enclaves", "GET, HEAD, OPTIONS")]
    [InlineData("/api/v1/keygen", "POST, OPTIONS")]
    public async Task OPTIONS_says_what_a_path_takes_and_other_methods_are_told_so(string path, string allow)
    {
        using var options = await SendAsync(HttpMethod.Options, path, null);
        Assert.Equal((HttpStatusCode.NoContent, allow), (options.StatusCode, string.Join(", ", options.Content.Headers.Allow)));
        using var refused = await SendAsync(HttpMethod.Delete, path, null);
        Assert.Equal((HttpStatusCode.MethodNotAllowed, allow), (refused.StatusCode, string.Join(", ", refused.Content.Headers.Allow)));
        Assert.Equal(ErrorCodes.MethodNotAllowed, JsonSerializer.Deserialize(await refused.Content.ReadAsByteArrayAsync(Cancel), ProtocolJson.Default.ProblemJson)!.Code);
    }

    [Theory]
    [InlineData("br", "br")]
    [InlineData("gzip", "gzip")]
    [InlineData("gzip, br;q=0.5", "br")]
    [InlineData("br;q=0, gzip", "gzip")]
    [InlineData("identity", "")]
    public async Task Documents_are_compressed_as_the_caller_takes_them_each_with_a_tag_of_its_own(string accepted, string encoding)
    {
        foreach (var path in (string[])["/openapi/v1.json", "/docs", "/docs/docs.js", "/docs/scalar.js"])
        {
            using var plain = await SendAsync(HttpMethod.Get, path, null);
            using var packed = await SendAsync(HttpMethod.Get, path, null, ("Accept-Encoding", accepted));
            Assert.Equal(encoding, string.Join(',', packed.Content.Headers.ContentEncoding));
            Assert.Equal(["Accept-Encoding"], packed.Headers.Vary);
            Assert.Equal(encoding.Length == 0, plain.Headers.ETag!.Equals(packed.Headers.ETag));
            Assert.Equal(await plain.Content.ReadAsByteArrayAsync(Cancel), Unpack(encoding, await packed.Content.ReadAsByteArrayAsync(Cancel)));
            using var known = await SendAsync(HttpMethod.Get, path, null, ("Accept-Encoding", accepted), ("If-None-Match", packed.Headers.ETag!.Tag));
            Assert.Equal(HttpStatusCode.NotModified, known.StatusCode);
        }
    }

    [Fact]
    public async Task N05_answers_of_the_API_are_never_compressed_so_that_their_length_tells_nothing_of_them()
    {
        var group = await TestGroup.FormAsync(_gateway);
        foreach (var (path, reader) in new (string, SecretKey?)[] { (group.Path, group.Creator), ("/api/v1/enclaves", null), ("/api/v1/keys", group.Creator), ("/nowhere", null) })
        {
            using var answer = await SendAsync(HttpMethod.Get, path, reader, ("Accept-Encoding", "br, gzip, deflate"));
            Assert.Empty(answer.Content.Headers.ContentEncoding);
        }
    }

    [Fact]
    public async Task The_pages_of_the_document_take_everything_from_this_gateway()
    {
        using var page = await SendAsync(HttpMethod.Get, "/docs", null);
        var html = await page.Content.ReadAsStringAsync(Cancel);
        var policy = string.Join(';', page.Headers.GetValues("Content-Security-Policy"));
        Assert.Contains("default-src 'none'; script-src 'self';", policy, StringComparison.Ordinal);
        Assert.DoesNotContain("http", html + policy, StringComparison.Ordinal);
        foreach (var script in System.Text.RegularExpressions.Regex.Matches(html, "<script([^>]*)>").Select(match => match.Groups[1].Value))
        {
            using var served = await SendAsync(HttpMethod.Get, System.Text.RegularExpressions.Regex.Match(script, "^ src=\"(/docs/[a-z.]+)\"$").Groups[1].Value, null);
            Assert.Equal((HttpStatusCode.OK, "text/javascript"), (served.StatusCode, served.Content.Headers.ContentType!.MediaType));
        }
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private static string IdOf(HttpResponseMessage response) => Assert.Single(response.Headers.GetValues("X-Request-Id"));

    private static byte[] Unpack(string encoding, byte[] body)
    {
        using var packed = new MemoryStream(body);
        using Stream unpacking = encoding switch { "br" => new BrotliStream(packed, CompressionMode.Decompress), "gzip" => new GZipStream(packed, CompressionMode.Decompress), _ => packed };
        using var unpacked = new MemoryStream();
        unpacking.CopyTo(unpacked);
        return unpacked.ToArray();
    }

    private async Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, SecretKey? reader, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(method, path);
        foreach (var (name, value) in headers)
        {
            Assert.True(request.Headers.TryAddWithoutValidation(name, value));
        }
        if (reader is not null)
        {
            request.Headers.TryAddWithoutValidation("Authorization", _gateway.Authorize(method, path, [], reader));
        }
        return await _gateway.Http.SendAsync(request, Cancel);
    }
}
