using System.Collections;
using System.Net;
using KeyMeld.Gateway.Http;
using KeyMeld.Protocol.Errors;
using KeyMeld.Tests.Gateway.Support;
using Microsoft.AspNetCore.Http;

namespace KeyMeld.Tests.Gateway.Http;

public class ForwardedForTests
{
    [Theory]
    [InlineData("192.0.2.1", "203.0.113.5", "192.0.2.1")] // not from a proxy
    [InlineData("10.0.0.1", null, "10.0.0.1")] // a proxy that says nothing
    [InlineData("10.0.0.1", "203.0.113.5", "203.0.113.5")]
    [InlineData("::ffff:10.0.0.1", "203.0.113.5", "203.0.113.5")]
    [InlineData("10.0.0.1", "127.0.0.1, 203.0.113.5", "203.0.113.5")] // what a client wrote itself does not count
    [InlineData("10.0.0.1", "203.0.113.5, 10.0.0.2", "203.0.113.5")] // two proxies
    [InlineData("10.0.0.1", "198.51.100.1, 203.0.113.5, 10.0.0.2,10.0.0.3", "203.0.113.5")]
    [InlineData("10.0.0.1", "10.0.0.9, 10.0.0.2", "10.0.0.9")]
    [InlineData("10.0.0.1", "203.0.113.5:4711", "203.0.113.5")]
    [InlineData("10.0.0.1", "2001:db8::7", "2001:db8::7")]
    [InlineData("10.0.0.1", "[2001:db8::7]:4711", "2001:db8::7")]
    [InlineData("10.0.0.1", "unknown", "10.0.0.1")]
    [InlineData("10.0.0.1", "203.0.113.5, _hidden", "10.0.0.1")]
    [InlineData("10.0.0.1", "203.0.113.5, _hidden, 10.0.0.2", "10.0.0.2")]
    [InlineData("10.0.0.1", "1", "10.0.0.1")]
    [InlineData("10.0.0.1", "", "10.0.0.1")]
    [InlineData("10.0.0.1", ",,,", "10.0.0.1")]
    [InlineData("fd00::1", "203.0.113.5", "203.0.113.5")]
    [InlineData("fe80::1", "203.0.113.5", "fe80::1")]
    public void Only_what_named_proxies_appended_is_believed(string peer, string? header, string expected)
    {
        var context = new DefaultHttpContext();
        context.Connection.RemoteIpAddress = IPAddress.Parse(peer);
        if (header is not null)
        {
            context.Request.Headers["X-Forwarded-For"] = header;
        }
        Assert.Equal(IPAddress.Parse(expected), ForwardedFor.AddressOf(context, [IPNetwork.Parse("10.0.0.0/24"), IPNetwork.Parse("fd00::/8")]));
    }

    [Fact]
    public void Several_lines_are_one_list()
    {
        var context = new DefaultHttpContext();
        context.Connection.RemoteIpAddress = IPAddress.Parse("10.0.0.1");
        context.Request.Headers["X-Forwarded-For"] = new string[] { "198.51.100.1", "203.0.113.5, 10.0.0.2" };
        Assert.Equal(IPAddress.Parse("203.0.113.5"), ForwardedFor.AddressOf(context, [IPNetwork.Parse("10.0.0.0/24")]));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task N05_a_client_counts_for_itself_behind_a_named_proxy_and_nobody_escapes_by_a_header(bool named)
    {
        var overrides = new Hashtable { ["KEYMELD__LIMITS__CALLS_PER_SECOND"] = "1" };
        if (named)
        {
            overrides["KEYMELD__SERVER__PROXIES__0"] = "127.0.0.0/8";
        }
        // Its time stands still: nothing is paid off.
        await using var gateway = await TestGateway.StartAsync(enclaves: 1, ready: false, overrides: overrides, time: new FrozenTime());
        async Task<HttpStatusCode> CallAsync(string forwarded)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, "/api/v1/health/live");
            request.Headers.TryAddWithoutValidation("X-Forwarded-For", forwarded);
            request.Headers.TryAddWithoutValidation("X-Real-IP", forwarded);
            request.Headers.TryAddWithoutValidation("Forwarded", $"for={forwarded}");
            using var response = await gateway.Http.SendAsync(request, TestContext.Current.CancellationToken);
            return response.StatusCode;
        }

        Assert.Equal(HttpStatusCode.OK, await CallAsync("203.0.113.5"));
        Assert.Equal(HttpStatusCode.OK, await CallAsync("198.51.100.9, 203.0.113.5"));
        Assert.Equal(HttpStatusCode.TooManyRequests, await CallAsync("198.51.100.10, 203.0.113.5"));
        Assert.Equal(named ? HttpStatusCode.OK : HttpStatusCode.TooManyRequests, await CallAsync("203.0.113.6"));
        // One IPv6 customer is one caller.
        foreach (var (address, last) in ((string, bool)[])[("2001:db8:1:2::1", false), ("2001:db8:1:2::2", false), ("2001:db8:1:2:ffff::3", true)])
        {
            Assert.Equal(named && !last ? HttpStatusCode.OK : HttpStatusCode.TooManyRequests, await CallAsync(address));
        }
        if (!named)
        {
            (await gateway.GetAsync("/api/v1/health/live")).IsProblem(HttpStatusCode.TooManyRequests, ErrorCodes.RateLimited);
        }
    }
}
