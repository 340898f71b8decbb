using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using KeyMeld.Client;
using KeyMeld.DevKit.Stack;
using KeyMeld.Protocol.Errors;
using KeyMeld.Protocol.Http;
using KeyMeld.Secp256k1;
using KeyMeld.Tests.Client.Support;

namespace KeyMeld.Tests.Client.Transport;

/// <summary>A gateway of several dies: calls find another behind the same address.</summary>
public sealed class RetryTests : IDisposable
{
    private readonly ClientWorld _world = new();
    private TcpListener _listener = new(IPAddress.Loopback, 0);
    private int _calls;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_connection_that_breaks_and_a_proxy_without_a_gateway_are_tried_again()
    {
        using var client = Start(new KeyMeldClientOptions());
        var serving = ServeAsync(
            "",
            "HTTP/1.1 502 Bad Gateway\r\nContent-Type: text/html\r\nContent-Length: 4\r\nConnection: close\r\n\r\ngone",
            "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
            Json("{\"enclaves\":[]}"));

        Assert.Empty(await client.Enclaves.ListAsync(Cancellation));
        await serving;
        Assert.Equal(4, _calls);
    }

    [Fact]
    public async Task A_refused_connection_is_tried_again_until_somebody_listens()
    {
        // A port that nobody else is given while nobody listens there.
        _listener = new TcpListener(IPAddress.Loopback, FreePort.Next());
        using var client = Start(new KeyMeldClientOptions { Retries = 1000 });
        var port = ((IPEndPoint)_listener.LocalEndpoint).Port;
        _listener.Stop();
        var listing = client.Enclaves.ListAsync(Cancellation);
        // The first try has failed by now or fails at once; others follow.
        await Task.Delay(50, Cancellation);
        _listener = new TcpListener(IPAddress.Loopback, port);
        _listener.Start();
        var serving = ServeAsync(Json("{\"enclaves\":[]}"));

        Assert.Empty(await listing);
        await serving;
    }

    [Fact]
    public async Task What_stays_away_is_given_up_on_with_its_name()
    {
        using var client = Start(new KeyMeldClientOptions { Retries = 2 });
        var serving = ServeAsync("", "", "");

        await Refused.WithAsync(ErrorCodes.GatewayUnreachable, () => client.Enclaves.ListAsync(Cancellation));
        await serving;
        Assert.Equal(3, _calls);
    }

    [Fact]
    public async Task What_the_gateway_itself_refuses_is_not_tried_again()
    {
        using var client = Start(new KeyMeldClientOptions());
        var problem = "{\"type\":\"about:blank\",\"title\":\"x\",\"status\":503,\"detail\":\"No enclave is ready.\",\"code\":\"unavailable\"}";
        var serving = ServeAsync($"HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/problem+json\r\nContent-Length: {problem.Length}\r\nConnection: close\r\n\r\n{problem}");

        await Refused.WithAsync(ErrorCodes.Unavailable, () => client.Enclaves.ListAsync(Cancellation));
        await serving;
        Assert.Equal(1, _calls);
    }

    [Fact]
    public async Task A_call_that_the_system_repeated_by_itself_byte_for_byte_is_made_once_more_with_a_nonce_of_its_own()
    {
        _listener.Start();
        using var key = SecretKey.Generate();
        Task serving;
        using (var transport = new GatewayTransport(new Uri($"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}"), new KeyMeldClientOptions()))
        {
            var call = new GatewayCall<EnclaveListJson>(HttpMethod.Get, "/api/v1/enclaves", ProtocolJson.Default.EnclaveListJson) { Reader = key };
            serving = NoteAndHangUpOnceAsync();
            Assert.Empty((await transport.SendAsync(call, Cancellation)).Enclaves);
            Assert.Empty((await transport.SendAsync(call, Cancellation)).Enclaves);
        }
        await serving;
        // The first, the one that was hung up on, the system's repetition of it, and the client's own.
        Assert.Equal(4, _calls);
    }

    [Theory]
    [InlineData("gone 401 401 200", true)]
    [InlineData("401 gone 401 200", true)]
    [InlineData("401 401 401 200", false)]
    public async Task That_is_so_for_two_gateways_that_died_whatever_failed_between_and_no_more(string answers, bool succeeds)
    {
        using var key = SecretKey.Generate();
        using var script = new Script(answers.Split(' '));
        using var transport = new GatewayTransport(new Uri("http://127.0.0.1:1"), new KeyMeldClientOptions { Handler = script });
        var call = new GatewayCall<EnclaveListJson>(HttpMethod.Get, "/api/v1/enclaves", ProtocolJson.Default.EnclaveListJson) { Reader = key };

        Task made = succeeds ? transport.SendAsync(call, Cancellation) : Refused.WithAsync(ErrorCodes.Unauthorized, () => transport.SendAsync(call, Cancellation));
        await made;

        Assert.Equal(succeeds ? 0 : 1, script.Left);
    }

    public void Dispose()
    {
        _listener.Dispose();
        _world.Dispose();
    }

    private static string Json(string body) => $"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {body.Length}\r\nConnection: close\r\n\r\n{body}";

    private KeyMeldClient Start(KeyMeldClientOptions options)
    {
        _listener.Start();
        return KeyMeldClient.Connect(new Uri($"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}"), _world.Module.Policy, _world.Alice.Profile, options);
    }

    /// <summary>As two gateways of one database: the first takes a call, notes the second and dies; the other one refuses what was noted.</summary>
    private async Task NoteAndHangUpOnceAsync()
    {
        var noted = new HashSet<string>();
        var problem = "{\"type\":\"about:blank\",\"title\":\"x\",\"status\":401,\"detail\":\"This Authorization was used before.\",\"code\":\"unauthorized\"}";
        for (var gateway = 0; gateway < 2; gateway++)
        {
            using var caller = await _listener.AcceptTcpClientAsync(Cancellation);
            var stream = caller.GetStream();
            while (await ReadAsync(stream) is { Length: > 0 } request)
            {
                var isNew = noted.Add(request.Split("\r\n").Single(line => line.StartsWith("Authorization:", StringComparison.Ordinal)));
                if (Interlocked.Increment(ref _calls) == 2)
                {
                    break;
                }
                await stream.WriteAsync(
                    Encoding.ASCII.GetBytes(isNew
                        ? "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 15\r\n\r\n{\"enclaves\":[]}"
                        : $"HTTP/1.1 401 Unauthorized\r\nContent-Type: application/problem+json\r\nContent-Length: {problem.Length}\r\n\r\n{problem}"),
                    Cancellation);
            }
        }
    }

    /// <summary>A call without a body; empty when the caller hung up.</summary>
    private static async Task<string> ReadAsync(NetworkStream stream)
    {
        var (buffer, text) = (new byte[16 * 1024], "");
        while (!text.Contains("\r\n\r\n", StringComparison.Ordinal) && await stream.ReadAsync(buffer, Cancellation) is > 0 and var read)
        {
            text += Encoding.ASCII.GetString(buffer, 0, read);
        }
        return text;
    }

    /// <summary>Answers one connection after the other; with nothing, it hangs up on the call.</summary>
    private async Task ServeAsync(params string[] answers)
    {
        foreach (var answer in answers)
        {
            using var caller = await _listener.AcceptTcpClientAsync(Cancellation);
            var stream = caller.GetStream();
            var buffer = new byte[16 * 1024];
            var read = 0;
            while (!Encoding.ASCII.GetString(buffer, 0, read).Contains("\r\n\r\n", StringComparison.Ordinal))
            {
                read += await stream.ReadAsync(buffer.AsMemory(read), Cancellation);
            }
            Interlocked.Increment(ref _calls);
            await stream.WriteAsync(Encoding.ASCII.GetBytes(answer), Cancellation);
        }
    }

    /// <summary>Answers calls with what it was told, and breaks off where that is <c>gone</c>.</summary>
    private sealed class Script(IEnumerable<string> answers) : HttpMessageHandler
    {
        private readonly Queue<string> _answers = new(answers);

        public int Left => _answers.Count;

        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            var answer = _answers.Dequeue();
            var (body, kind) = answer == "200"
                ? ("{\"enclaves\":[]}", "application/json")
                : ("{\"type\":\"about:blank\",\"title\":\"x\",\"status\":401,\"detail\":\"This Authorization was used before.\",\"code\":\"unauthorized\"}", "application/problem+json");
            return answer == "gone"
                ? throw new HttpRequestException("Gone.")
                : Task.FromResult(new HttpResponseMessage((HttpStatusCode)int.Parse(answer, CultureInfo.InvariantCulture)) { Content = new StringContent(body, Encoding.UTF8, kind) });
        }
    }
}
