using System.Collections;
using System.Net;
using System.Net.Sockets;
using KeyMeld.Gateway.Configuration;
using KeyMeld.Protocol.Errors;
using KeyMeld.Tests.Gateway.Support;

namespace KeyMeld.Tests.Gateway.Operators;

public class OperatorListenerTests
{
    private const string Detail = "/api/v1/health/detail";
    private static readonly Func<GatewaySettings, GatewaySettings> InProduction = settings => settings with { Production = true };

    [Fact]
    public async Task Operators_come_in_at_their_own_listener_and_users_do_not()
    {
        await using var gateway = await TestGateway.StartAsync(enclaves: 1, ready: false, overrides: new Hashtable { ["KEYMELD__OPERATOR__LISTEN"] = "http://127.0.0.1:0" }, adjust: InProduction);
        using var operators = new HttpClient { BaseAddress = new Uri(gateway.OperatorAddress!) };

        foreach (var path in (string[])[Detail, "/api/v1/health/live", "/api/v1/enclaves"])
        {
            Assert.Equal(HttpStatusCode.OK, (await operators.GetAsync(path, TestContext.Current.CancellationToken)).StatusCode);
        }
        foreach (var path in (string[])["/api/v1/keys", "/api/v1/keygen/00", "/api/v1/signing/00/events", "/api/v1", "/api"])
        {
            Assert.Equal(HttpStatusCode.NotFound, (await operators.GetAsync(path, TestContext.Current.CancellationToken)).StatusCode);
        }
        (await gateway.GetAsync(Detail)).IsProblem(HttpStatusCode.NotFound, ErrorCodes.NotFound);
        (await gateway.GetAsync("/api/v1/keys")).IsProblem(HttpStatusCode.Unauthorized, ErrorCodes.Unauthorized);
    }

    [Fact]
    public async Task In_development_this_machine_looks_without_a_token_but_no_page_of_another_site_does()
    {
        await using var gateway = await TestGateway.StartAsync(enclaves: 1, ready: false);

        Assert.Null(gateway.OperatorAddress);
        Assert.Equal(HttpStatusCode.OK, (await gateway.GetAsync(Detail)).Status);
        foreach (var (name, value) in ((string, string)[])[("Host", "rebound.example:8090"), ("Origin", "https://evil.example"), ("Sec-Fetch-Site", "cross-site")])
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, Detail);
            request.Headers.TryAddWithoutValidation(name, value);
            using var response = await gateway.Http.SendAsync(request, TestContext.Current.CancellationToken);
            Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
        }
    }

    [Fact]
    public async Task A_unix_socket_for_operators_is_its_owners_alone()
    {
        var folder = Directory.CreateTempSubdirectory("km-ops-");
        File.SetUnixFileMode(folder.FullName, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        var path = Path.Combine(folder.FullName, "operators.sock");
        try
        {
            await using var gateway = await TestGateway.StartAsync(enclaves: 1, ready: false, overrides: new Hashtable { ["KEYMELD__OPERATOR__LISTEN"] = $"unix:{path}" }, adjust: InProduction);
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(path));
            using var operators = new HttpClient(new SocketsHttpHandler
            {
                ConnectCallback = async (_, cancellation) =>
                {
                    var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                    await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), cancellation);
                    return new NetworkStream(socket, ownsSocket: true);
                },
            });
            Assert.Equal(HttpStatusCode.OK, (await operators.GetAsync($"http://localhost{Detail}", TestContext.Current.CancellationToken)).StatusCode);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public async Task A_unix_socket_in_a_folder_that_is_open_to_others_is_not_listened_on()
    {
        var folder = Directory.CreateTempSubdirectory("km-ops-");
        File.SetUnixFileMode(folder.FullName, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.OtherExecute);
        try
        {
            var refusal = await Assert.ThrowsAnyAsync<IOException>(() => TestGateway.StartAsync(
                enclaves: 1, ready: false, overrides: new Hashtable { ["KEYMELD__OPERATOR__LISTEN"] = $"unix:{Path.Combine(folder.FullName, "operators.sock")}" }));
            Assert.Contains("chmod 700", refusal.Message, StringComparison.Ordinal);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }
}
