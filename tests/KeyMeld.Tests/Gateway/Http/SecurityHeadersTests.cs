using System.Collections;
using System.Net;
using KeyMeld.Gateway.Http;
using KeyMeld.Tests.Gateway.Support;

namespace KeyMeld.Tests.Gateway.Http;

public class SecurityHeadersTests
{
    private const string Page = "https://app.example.com";

    [Fact]
    public async Task Every_answer_says_what_browsers_and_caches_may_do_with_it()
    {
        await using var gateway = await TestGateway.StartAsync(enclaves: 1, ready: false);
        (HttpMethod Method, string Path, HttpStatusCode Status)[] calls =
        [
            (HttpMethod.Get, "/api/v1/enclaves", HttpStatusCode.OK),
            (HttpMethod.Get, "/api/v1/health/live", HttpStatusCode.OK),
            (HttpMethod.Get, "/api/v1/keys", HttpStatusCode.Unauthorized),
            (HttpMethod.Get, "/nothing", HttpStatusCode.NotFound),
            (HttpMethod.Get, "/api//v1", HttpStatusCode.NotFound),
            (HttpMethod.Put, "/api/v1/enclaves", HttpStatusCode.MethodNotAllowed),
            (HttpMethod.Post, "/api/v1/keygen", HttpStatusCode.UnsupportedMediaType),
            (HttpMethod.Options, "/api/v1/enclaves", HttpStatusCode.NoContent),
        ];
        foreach (var (method, path, status) in calls)
        {
            using var response = await gateway.Http.SendAsync(new HttpRequestMessage(method, path), TestContext.Current.CancellationToken);
            Assert.Equal(status, response.StatusCode);
            Assert.Equal(
                ("nosniff", "no-store", "no-referrer", "same-origin", "same-origin", SecurityHeaders.DataPolicy),
                (Of(response, "X-Content-Type-Options"), Of(response, "Cache-Control"), Of(response, "Referrer-Policy"), Of(response, "Cross-Origin-Opener-Policy"),
                    Of(response, "Cross-Origin-Resource-Policy"), Of(response, "Content-Security-Policy")));
            Assert.Contains("camera=()", Of(response, "Permissions-Policy"), StringComparison.Ordinal);
            // http:// on this machine: a browser must not be told to use https:// for it. Nor is anything said of other origins, or of the program.
            Assert.All((string[])["Strict-Transport-Security", "Access-Control-Allow-Origin", "Server"], name => Assert.Null(Of(response, name)));
        }
    }

    [Fact]
    public async Task Browsers_are_kept_to_https_where_the_public_url_is_https()
    {
        await using var gateway = await TestGateway.StartAsync(enclaves: 1, ready: false, overrides: new Hashtable
        {
            ["KEYMELD__SERVER__PUBLIC_URL"] = "https://keymeld.example.com",
            ["KEYMELD__OPERATOR__LISTEN"] = "http://127.0.0.1:0",
        });
        using var response = await gateway.Http.GetAsync("/api/v1/health/live", TestContext.Current.CancellationToken);
        Assert.Equal("max-age=31536000", Of(response, "Strict-Transport-Security"));
        using var operators = await gateway.Http.GetAsync(new Uri(new Uri(gateway.OperatorAddress!), "/api/v1/health/live"), TestContext.Current.CancellationToken);
        Assert.Null(Of(operators, "Strict-Transport-Security"));
    }

    [Fact]
    public async Task Pages_of_named_origins_may_call_and_all_others_may_not()
    {
        await using var gateway = await TestGateway.StartAsync(enclaves: 1, ready: false, overrides: new Hashtable
        {
            ["KEYMELD__SERVER__CORS_ORIGINS__0"] = Page,
            ["KEYMELD__OPERATOR__LISTEN"] = "http://127.0.0.1:0",
        });
        async Task<HttpResponseMessage> CallAsync(HttpMethod method, string path, string? origin, string? asks = null)
        {
            using var request = new HttpRequestMessage(method, path);
            request.Headers.TryAddWithoutValidation("Origin", origin);
            request.Headers.TryAddWithoutValidation("Access-Control-Request-Method", asks);
            return await gateway.Http.SendAsync(request, TestContext.Current.CancellationToken);
        }

        using (var preflight = await CallAsync(HttpMethod.Options, "/api/v1/signing", Page, "POST"))
        {
            Assert.Equal((HttpStatusCode.NoContent, Page, "GET, POST"),
                (preflight.StatusCode, Of(preflight, "Access-Control-Allow-Origin"), Of(preflight, "Access-Control-Allow-Methods")));
            Assert.Contains("Origin", Of(preflight, "Vary"), StringComparison.Ordinal);
            Assert.Contains("authorization", Of(preflight, "Access-Control-Allow-Headers"), StringComparison.Ordinal);
        }
        foreach (var (path, status) in ((string, HttpStatusCode)[])[("/api/v1/enclaves", HttpStatusCode.OK), ("/api/v1/keys", HttpStatusCode.Unauthorized), ("/nothing", HttpStatusCode.NotFound)])
        {
            using var answer = await CallAsync(HttpMethod.Get, path, Page);
            Assert.Equal((status, Page), (answer.StatusCode, Of(answer, "Access-Control-Allow-Origin")));
            Assert.Null(Of(answer, "Access-Control-Allow-Credentials"));
        }
        foreach (var origin in (string?[])["https://app.example.com.evil.example", "http://app.example.com", "https://APP.example.com", "https://app.example.com:443", "null", "*", null])
        {
            using var answer = await CallAsync(HttpMethod.Get, "/api/v1/enclaves", origin);
            Assert.Equal((HttpStatusCode.OK, null), (answer.StatusCode, Of(answer, "Access-Control-Allow-Origin")));
            Assert.Contains("Origin", Of(answer, "Vary"), StringComparison.Ordinal);
            using var preflight = await CallAsync(HttpMethod.Options, "/api/v1/signing", origin, "POST");
            Assert.Equal((HttpStatusCode.MethodNotAllowed, null), (preflight.StatusCode, Of(preflight, "Access-Control-Allow-Origin")));
        }
        // What is the operator's is for no page of another origin, named or not.
        using (var detail = await CallAsync(HttpMethod.Get, "/api/v1/health/detail", Page))
        {
            Assert.Equal(HttpStatusCode.Unauthorized, detail.StatusCode);
        }
        using var operators = await CallAsync(HttpMethod.Get, new Uri(new Uri(gateway.OperatorAddress!), "/api/v1/enclaves").AbsoluteUri, Page);
        Assert.Null(Of(operators, "Access-Control-Allow-Origin"));
    }

    private static string? Of(HttpResponseMessage response, string name) =>
        response.Headers.TryGetValues(name, out var values) || response.Content.Headers.TryGetValues(name, out values) ? string.Join(", ", values) : null;
}
