using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.RegularExpressions;
using KeyMeld.Gateway.Dashboard;
using KeyMeld.Protocol.Errors;
using KeyMeld.Tests.Gateway.Support;
using KeyMeld.Tests.Support;

namespace KeyMeld.Tests.Gateway.Dashboard;

/// <summary>The page as it is served, to anybody: it says nothing by itself.</summary>
public sealed class DashboardFilesTests : IAsyncLifetime
{
    private TestGateway _gateway = null!;

    private static string Sources => Path.Combine(Vectors.SourceRoot(), "src", "KeyMeld.Gateway", "Dashboard", "web");

    public async ValueTask InitializeAsync() => _gateway = await TestGateway.StartAsync(enclaves: 1, ready: false);

    public ValueTask DisposeAsync() => _gateway.DisposeAsync();

    [Fact]
    public async Task Every_file_is_served_with_its_type_and_an_ETag_that_saves_sending_it_again()
    {
        Assert.Equal(Directory.GetFiles(Sources).Length, DashboardFiles.All.Length);
        foreach (var file in DashboardFiles.All)
        {
            using var first = await _gateway.Http.GetAsync(file.Path, TestContext.Current.CancellationToken);
            Assert.Equal((HttpStatusCode.OK, file.ContentType), (first.StatusCode, first.Content.Headers.ContentType?.ToString()));
            Assert.Equal(await File.ReadAllBytesAsync(Path.Combine(Sources, file.Path == "/" ? "index.html" : Path.GetFileName(file.Path)), TestContext.Current.CancellationToken), await first.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken));
            Assert.Equal("nosniff", Assert.Single(first.Headers.GetValues("X-Content-Type-Options")));

            using var again = new HttpRequestMessage(HttpMethod.Get, file.Path) { Headers = { IfNoneMatch = { new EntityTagHeaderValue("\"0\""), first.Headers.ETag! } } };
            using var unchanged = await _gateway.Http.SendAsync(again, TestContext.Current.CancellationToken);
            Assert.Equal(HttpStatusCode.NotModified, unchanged.StatusCode);
            Assert.Equal(first.Headers.GetValues("Content-Security-Policy"), unchanged.Headers.GetValues("Content-Security-Policy"));
            Assert.Empty(await unchanged.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken));

            using var other = new HttpRequestMessage(HttpMethod.Get, file.Path) { Headers = { IfNoneMatch = { new EntityTagHeaderValue("\"0\"") } } };
            using var changed = await _gateway.Http.SendAsync(other, TestContext.Current.CancellationToken);
            Assert.Equal(HttpStatusCode.OK, changed.StatusCode);
        }
    }

    [Fact]
    public async Task The_page_may_load_its_own_files_and_call_its_own_gateway_and_nothing_else()
    {
        using var page = await _gateway.Http.GetAsync("/", TestContext.Current.CancellationToken);
        var policy = Assert.Single(page.Headers.GetValues("Content-Security-Policy")).Split("; ");
        Assert.Equal("default-src 'none'", policy[0]);
        Assert.Superset(new HashSet<string> { "script-src 'self'", "style-src 'self'", "connect-src 'self'", "base-uri 'none'", "frame-ancestors 'none'", "form-action 'none'" }, new HashSet<string>(policy));
        Assert.DoesNotContain("unsafe", string.Join(' ', policy), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/dashboard")]
    [InlineData("/index.html")]
    [InlineData("/dashboard/index.html")]
    [InlineData("/dashboard/other.js")]
    [InlineData("/dashboard/dashboard.css.map")]
    public async Task N03_what_is_not_on_the_list_is_not_there(string path) => (await _gateway.GetAsync(path)).IsProblem(HttpStatusCode.NotFound, ErrorCodes.NotFound);

    [Fact]
    public void Nothing_is_inline_nothing_is_put_together_from_text_and_nothing_is_fetched_from_elsewhere()
    {
        foreach (var file in DashboardFiles.All)
        {
            var text = Encoding.UTF8.GetString(file.Content);
            Assert.DoesNotMatch(new Regex("""<style|<script(?![^>]*\ssrc=")|\son[a-z]+=|\sstyle=|javascript:|innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function"""), text);
            Assert.DoesNotMatch(new Regex("""(src|href)="(?!/dashboard/|#)|url\(|@import|from '(?!\./)"""), text);
            Assert.All(Regex.Matches(text, "(?:from '\\./|(?:src|href)=\"/dashboard/)([a-z.]+)").Select(match => match.Groups[1].Value), name => Assert.Contains(DashboardFiles.All, other => other.Path == "/dashboard/" + name));
        }
    }
}
