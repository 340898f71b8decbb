using System.Collections;
using System.Net;
using KeyMeld.Protocol.Errors;
using KeyMeld.Protocol.Http;
using KeyMeld.Secp256k1;
using KeyMeld.Tests.Gateway.Support;
using KeyMeld.Tests.Gateway.Tls;

namespace KeyMeld.Tests.Attacks;

/// <summary>Threat N05: somebody takes all there is to take. It gets its share and a refusal, and an honest user of another address is served meanwhile.</summary>
public sealed class FloodTests
{
    private const string Attacker = "127.0.0.66";
    private const string Live = "GET /api/v1/health/live HTTP/1.1\r\nHost: gateway\r\n";

    [Fact]
    public async Task N05_one_address_has_its_share_of_the_connections_and_others_have_theirs()
    {
        await using var gateway = await StartAsync(("CONNECTIONS_PER_ADDRESS", "5"), ("CONNECTIONS", "50"));
        using var attacker = new Neighbour(Attacker, gateway.Address);
        var connections = new List<RawConnection>();
        for (var i = 0; i < 20; i++)
        {
            connections.Add(await attacker.ConnectAsync(Live + "\r\n"));
        }
        var answers = await Task.WhenAll(connections.Select(connection => connection.ReadStatusAsync()));
        Assert.Equal((5, 15), (answers.Count(answer => answer == "HTTP/1.1 200 OK"), answers.Count(answer => answer.Length == 0)));
        await IsServedAsync(gateway);

        // What it gives back it has again.
        connections[Array.FindIndex(answers, answer => answer.Length > 0)].Close();
        await Eventually.TrueAsync(async () => await (await attacker.ConnectAsync(Live + "\r\n")).ReadStatusAsync() == "HTTP/1.1 200 OK");
    }

    [Fact]
    public async Task N05_operators_come_in_when_every_place_of_clients_is_taken()
    {
        await using var gateway = await TestGateway.StartAsync(enclaves: 1, ready: false, overrides: Limits(("CONNECTIONS", "3")), adjust: settings => settings with
        {
            OperatorListener = new KeyMeld.Gateway.Configuration.OperatorListener(new IPEndPoint(IPAddress.Loopback, 0), null, [], []),
        });
        using var attackers = new Neighbour(Attacker, gateway.Address);
        for (var i = 0; i < 3; i++)
        {
            Assert.Equal("HTTP/1.1 200 OK", await (await attackers.ConnectAsync(Live + "\r\n")).ReadStatusAsync());
        }
        Assert.Equal("", await (await attackers.ConnectAsync(Live + "\r\n")).ReadStatusAsync());

        using var operators = new HttpClient { BaseAddress = new Uri(gateway.OperatorAddress!) };
        using var detail = await operators.GetAsync("/api/v1/health/detail", TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.OK, detail.StatusCode);
    }

    [Fact]
    public async Task N05_operators_have_a_measure_of_their_own_at_their_listener()
    {
        // As behind a proxy on this machine that is not named: clients and operators come from one address.
        await using var gateway = await TestGateway.StartAsync(enclaves: 1, ready: false, overrides: Limits(("CALLS_PER_SECOND", "5")), time: new FrozenTime(), adjust: settings => settings with
        {
            OperatorListener = new KeyMeld.Gateway.Configuration.OperatorListener(new IPEndPoint(IPAddress.Loopback, 0), null, [], []),
        });
        for (var i = 0; i < 10; i++)
        {
            await IsServedAsync(gateway);
        }
        (await gateway.GetAsync("/api/v1/enclaves")).IsProblem(HttpStatusCode.TooManyRequests, ErrorCodes.RateLimited);
        using var operators = new HttpClient { BaseAddress = new Uri(gateway.OperatorAddress!) };
        using var detail = await operators.GetAsync("/api/v1/health/detail", TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.OK, detail.StatusCode);
    }

    [Fact]
    public async Task N05_who_is_slow_or_silent_is_hung_up_on()
    {
        await using var gateway = await StartAsync(("IDLE_SECONDS", "10"), ("HEADER_SECONDS", "1"), ("BODY_SECONDS", "1"));
        using var attacker = new Neighbour(Attacker, gateway.Address);
        // Those who say something have said it long before they count as silent.
        var silent = await attacker.ConnectAsync();
        var idle = await attacker.ConnectAsync(Live + "\r\n");
        var line = await attacker.ConnectAsync("GET /api/v1/he");
        var headers = await attacker.ConnectAsync(Live + "X-Slow: a");
        var body = await attacker.ConnectAsync("POST /api/v1/signing HTTP/1.1\r\nHost: gateway\r\nContent-Type: application/json\r\nContent-Length: 90000\r\n\r\n{");
        var chunks = await attacker.ConnectAsync("POST /api/v1/signing HTTP/1.1\r\nHost: gateway\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{\r\n");
        await IsServedAsync(gateway);

        var ends = await Task.WhenAll(new[] { silent, idle, line, headers, body }.Select(connection => connection.ReadToEndAsync()));
        Assert.Equal("", ends[0]);
        Assert.StartsWith("HTTP/1.1 200 ", ends[1], StringComparison.Ordinal);
        Assert.StartsWith("HTTP/1.1 408 ", ends[2], StringComparison.Ordinal);
        Assert.StartsWith("HTTP/1.1 408 ", ends[3], StringComparison.Ordinal);
        Assert.StartsWith("HTTP/1.1 408 ", ends[4], StringComparison.Ordinal);
        Assert.Contains($"\"{ErrorCodes.Timeout}\"", ends[4], StringComparison.Ordinal);
        // A body of unknown length may be a large one, which has four times as long.
        Assert.StartsWith("HTTP/1.1 408 ", await chunks.ReadStatusAsync(), StringComparison.Ordinal);
        await IsServedAsync(gateway);
    }

    [Fact]
    public async Task N05_a_tls_handshake_that_does_not_begin_is_hung_up_on()
    {
        using var certificate = new CertificateFolder();
        var limits = Limits(("HEADER_SECONDS", "1"));
        limits["KEYMELD__SERVER__LISTEN"] = "https://127.0.0.1:0";
        limits["KEYMELD__SERVER__CERTIFICATE"] = certificate.Certificate;
        limits["KEYMELD__SERVER__CERTIFICATE_KEY"] = certificate.Key;
        await using var gateway = await TestGateway.StartAsync(enclaves: 1, ready: false, overrides: limits);
        using var attacker = new Neighbour(Attacker, gateway.Address);
        var silent = await attacker.ConnectAsync();
        // The beginning of a ClientHello.
        var half = await attacker.ConnectAsync("\x16\x03\x01");
        Assert.Equal(["", ""], await Task.WhenAll(silent.ReadToEndAsync(), half.ReadToEndAsync()));
    }

    [Fact]
    public async Task N05_calls_beyond_an_addresss_measure_are_refused_and_others_are_served()
    {
        await using var gateway = await TestGateway.StartAsync(enclaves: 1, ready: false, overrides: Limits(("CALLS_PER_SECOND", "50")), time: new FrozenTime());
        using var attacker = new Neighbour(Attacker, gateway.Address);
        var client = attacker.Client();
        var flood = await Task.WhenAll(Enumerable.Range(0, 400).Select(_ => client.GetAsync("/api/v1/enclaves", TestContext.Current.CancellationToken)));

        Assert.Equal(100, flood.Count(answer => answer.StatusCode == HttpStatusCode.OK));
        var refused = flood.Where(answer => answer.StatusCode == HttpStatusCode.TooManyRequests).ToList();
        Assert.Equal(300, refused.Count);
        Assert.All(refused, answer => Assert.Equal(TimeSpan.FromSeconds(1), answer.Headers.RetryAfter!.Delta));
        for (var i = 0; i < 20; i++)
        {
            await IsServedAsync(gateway);
        }
    }

    [Fact]
    public async Task N05_a_keys_measure_holds_from_everywhere_and_nobody_else_can_use_it_up()
    {
        await using var gateway = await TestGateway.StartAsync(enclaves: 1, overrides: Limits(("CALLS_PER_SECOND_OF_KEY", "2")), time: new FrozenTime());
        var (victim, other) = (SecretKey.Generate(), SecretKey.Generate());

        // Forged, for another call, or said twice: none of it counts for the key it names.
        var replayed = gateway.Authorize(HttpMethod.Get, "/api/v1/keys", [], victim);
        Assert.Equal(HttpStatusCode.OK, (await gateway.SendAsync(HttpMethod.Get, "/api/v1/keys", [], null, null, replayed)).Status);
        var forged = gateway.Authorize(HttpMethod.Get, "/api/v1/keys", [], other).Replace(other.XOnlyPublicKey.ToString(), victim.XOnlyPublicKey.ToString(), StringComparison.Ordinal);
        var misused = gateway.Authorize(HttpMethod.Get, "/api/v1/enclaves", [], victim);
        foreach (var header in (string[])[forged, misused, replayed])
        {
            for (var i = 0; i < 5; i++)
            {
                (await gateway.SendAsync(HttpMethod.Get, "/api/v1/keys", [], null, null, header)).IsProblem(HttpStatusCode.Unauthorized, ErrorCodes.Unauthorized);
            }
        }
        for (var i = 0; i < 3; i++)
        {
            (await gateway.GetAsync("/api/v1/keys", victim)).Read(ProtocolJson.Default.KeyListJson);
        }
        (await gateway.GetAsync("/api/v1/keys", victim)).IsProblem(HttpStatusCode.TooManyRequests, ErrorCodes.RateLimited);

        // From another address it is the same key; another key is not.
        using var elsewhere = new Neighbour("127.0.0.7", gateway.Address);
        using var request = new HttpRequestMessage(HttpMethod.Get, "/api/v1/keys");
        request.Headers.TryAddWithoutValidation("Authorization", gateway.Authorize(HttpMethod.Get, "/api/v1/keys", [], victim));
        using var answer = await elsewhere.Client().SendAsync(request, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.TooManyRequests, answer.StatusCode);
        (await gateway.GetAsync("/api/v1/keys", other)).Read(ProtocolJson.Default.KeyListJson);
    }

    [Fact]
    public async Task N05_a_key_signs_within_its_measure_and_other_keys_go_on()
    {
        await using var gateway = await TestGateway.StartAsync(enclaves: 1, overrides: Limits(("CALLS_PER_SECOND_OF_KEY", "2")), time: new FrozenTime());
        var (greedy, modest) = (new TestKey(gateway), new TestKey(gateway));
        await greedy.AddAsync();
        await modest.AddAsync();
        // A stranger's statements do not count for the owner.
        using var stranger = SecretKey.Generate();
        for (var i = 0; i < 10; i++)
        {
            (await greedy.SignAsync(greedy.Request(signer: stranger))).IsProblem(HttpStatusCode.NotFound, ErrorCodes.NotFound);
        }
        var answers = new List<Answer>();
        for (var i = 0; i < 5; i++)
        {
            answers.Add(await greedy.SignAsync());
        }
        Assert.Equal(3, answers.Count(answer => answer.Status == HttpStatusCode.OK));
        answers[^1].IsProblem(HttpStatusCode.TooManyRequests, ErrorCodes.RateLimited);
        Assert.Equal(3, gateway.Enclaves[0].Count("SingleSign"));
        (await modest.SignAsync()).Read(ProtocolJson.Default.AnswerJson);
    }

    [Fact]
    public async Task N05_event_streams_and_waits_are_capped_for_each_address_and_freed_when_it_goes()
    {
        await using var gateway = await StartAsync(("WAITS_PER_ADDRESS", "3"), ("WAITS", "50"));
        await gateway.WhenReadyAsync();
        var group = TestGroup.Make(gateway);
        await group.CreateAsync();
        using var attacker = new Neighbour(Attacker, gateway.Address);
        async Task<RawConnection> WatchAsync() => await attacker.ConnectAsync(
            $"GET {group.Path}/events HTTP/1.1\r\nHost: gateway\r\nAuthorization: {gateway.Authorize(HttpMethod.Get, group.Path + "/events", [], group.Creator)}\r\n\r\n");
        var streams = new List<RawConnection>();
        for (var i = 0; i < 3; i++)
        {
            streams.Add(await WatchAsync());
            Assert.Equal("HTTP/1.1 200 OK", await streams[^1].ReadStatusAsync());
        }
        Assert.Equal("HTTP/1.1 429 Too Many Requests", await (await WatchAsync()).ReadStatusAsync());

        // Others wait and watch as before; the group forms for them.
        var waiting = gateway.GetAsync(group.Path, group.Creator, prefer: "wait=30");
        await group.JoinAsync(0);
        (await group.JoinAsync(1, prefer: "wait=30")).Read(ProtocolJson.Default.StateJson);
        Assert.Equal("formed", (await waiting).Read(ProtocolJson.Default.KeygenJson).State);

        streams.ForEach(stream => stream.Close());
        await Eventually.TrueAsync(async () => await (await WatchAsync()).ReadStatusAsync() == "HTTP/1.1 200 OK");
    }

    [Fact]
    public async Task N05_bodies_that_are_announced_and_do_not_come_fill_no_memory()
    {
        await using var gateway = await StartAsync(("BODY_BYTES", (8 * 1024 * 1024).ToString(System.Globalization.CultureInfo.InvariantCulture)), ("LARGE_BODIES", "2"));
        using var attacker = new Neighbour(Attacker, gateway.Address);
        Task<RawConnection> AnnounceAsync(int bytes) => attacker.ConnectAsync(
            $"POST /api/v1/signing HTTP/1.1\r\nHost: gateway\r\nContent-Type: application/json\r\nContent-Length: {bytes}\r\n\r\n");
        // An address has an eighth of 8 MiB, and one of the two large ones.
        var (first, large) = (await AnnounceAsync(900_000), await AnnounceAsync(2_000_000));
        await first.WriteAsync("{");
        await large.WriteAsync("{");
        await Eventually.TrueAsync(() => gateway.Parts.Bodies.Callers == (1, 1));
        Assert.Equal("HTTP/1.1 429 Too Many Requests", await (await AnnounceAsync(900_000)).ReadStatusAsync());
        Assert.Equal("HTTP/1.1 429 Too Many Requests", await (await AnnounceAsync(2_000_000)).ReadStatusAsync());

        (await gateway.PostTextAsync("/api/v1/signing", "{}")).IsProblem(HttpStatusCode.BadRequest, ErrorCodes.BadRequest);
        (await gateway.PostTextAsync("/api/v1/signing", "{\"items\":\"" + new string('A', 2_000_000) + "\"}")).IsProblem(HttpStatusCode.BadRequest, ErrorCodes.BadRequest);
        first.Close();
        large.Close();
        await Eventually.TrueAsync(() => gateway.Parts.Bodies.Callers == (0, 0));
    }

    [Theory]
    [InlineData("line", "414 URI Too Long")]
    [InlineData("header", "431 Request Header Fields Too Large")]
    [InlineData("headers", "431 Request Header Fields Too Large")]
    [InlineData("body", "413 Payload Too Large")]
    [InlineData("chunks", "413 Payload Too Large")]
    public async Task N05_what_is_too_large_is_refused_before_it_is_read(string what, string status)
    {
        await using var gateway = await StartAsync();
        using var attacker = new Neighbour(Attacker, gateway.Address);
        const string Post = "POST /api/v1/keys HTTP/1.1\r\nHost: gateway\r\nContent-Type: application/json\r\n";
        var connection = await attacker.ConnectAsync(what switch
        {
            "line" => $"GET /{new string('a', 5_000)} HTTP/1.1\r\nHost: gateway\r\n\r\n",
            "header" => $"{Live}X-Long: {new string('a', 20_000)}\r\n\r\n",
            "headers" => Live + string.Concat(Enumerable.Range(0, 70).Select(number => $"X-{number}: a\r\n")) + "\r\n",
            "body" => $"{Post}Content-Length: 200000\r\n\r\n",
            _ => $"{Post}Transfer-Encoding: chunked\r\n\r\n{200_000:x}\r\n{new string(' ', 200_000)}\r\n0\r\n\r\n",
        });
        Assert.Equal($"HTTP/1.1 {status}", await connection.ReadStatusAsync());
        await IsServedAsync(gateway);
    }

    private static Task<TestGateway> StartAsync(params (string Name, string Value)[] limits) => TestGateway.StartAsync(enclaves: 2, ready: false, overrides: Limits(limits));

    private static Hashtable Limits(params (string Name, string Value)[] limits)
    {
        var table = new Hashtable();
        foreach (var (name, value) in limits)
        {
            table[$"KEYMELD__LIMITS__{name}"] = value;
        }
        return table;
    }

    private static async Task IsServedAsync(TestGateway gateway) => Assert.Equal(HttpStatusCode.OK, (await gateway.GetAsync("/api/v1/enclaves")).Status);
}
