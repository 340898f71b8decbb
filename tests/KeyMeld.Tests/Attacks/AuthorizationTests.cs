using System.Net;
using KeyMeld.Protocol.Errors;
using KeyMeld.Protocol.Http;
using KeyMeld.Secp256k1;
using KeyMeld.Tests.Gateway.Support;

namespace KeyMeld.Tests.Attacks;

/// <summary>Threat N01: somebody has a signed call as it crossed the network, and sends something of it again.</summary>
public sealed class AuthorizationTests
{
    private const string Keys = "/api/v1/keys";

    /// <summary>What is changed of a good call, and how it is answered.</summary>
    public static TheoryData<string> Parts =>
    [
        "method", "path", "authority", "body", "key", "time", "nonce", "signature", "upper-case key", "upper-case signature", "scheme", "spaces", "order", "doubled", "a field more", "a field less", "leading zero",
    ];

    [Theory]
    [MemberData(nameof(Parts))]
    public async Task N01_a_call_with_any_part_altered_is_nobodys(string part)
    {
        await using var gateway = await TestGateway.StartAsync(enclaves: 1);
        var key = new TestKey(gateway);
        await key.AddAsync();
        using var other = SecretKey.Generate();
        var good = gateway.Authorize(HttpMethod.Get, key.Path, [], key.Auth);
        var fields = good["KeyMeld ".Length..].Split(',');
        string With(int field, string value) => "KeyMeld " + string.Join(',', fields.Select((text, index) => index == field ? value : text));
        string Flipped(int field) => With(field, fields[field][..^1] + (fields[field][^1] == '0' ? '1' : '0'));
        var now = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds();
        string[] headers = part switch
        {
            "method" => [gateway.Authorize(HttpMethod.Post, key.Path, [], key.Auth)],
            "path" => [gateway.Authorize(HttpMethod.Get, Keys, [], key.Auth)],
            "authority" => [RequestAuthorization.Sign("GET", "keymeld.example.com", key.Path, [], now, key.Auth)],
            "body" => [RequestAuthorization.Sign("GET", TestGateway.Authority, key.Path, "x"u8, now, key.Auth)],
            "key" => [With(0, $"key={other.XOnlyPublicKey}")],
            "time" => [Flipped(1)],
            "nonce" => [Flipped(2)],
            "signature" => [Flipped(3)],
            "upper-case key" => [With(0, "key=" + fields[0][4..].ToUpperInvariant())],
            "upper-case signature" => [With(3, "sig=" + fields[3][4..].ToUpperInvariant())],
            "scheme" => [good.Replace("KeyMeld", "keymeld", StringComparison.Ordinal), good.Replace("KeyMeld", "Bearer", StringComparison.Ordinal)],
            "spaces" => [good.Replace(",", ", ", StringComparison.Ordinal), good.Replace(" ", "  ", StringComparison.Ordinal)],
            "order" => [$"KeyMeld {fields[1]},{fields[0]},{fields[2]},{fields[3]}"],
            "doubled" => [$"{good}, {good}", $"{good},{fields[0]}"],
            "a field more" => [good + ",v=1"],
            "a field less" => [$"KeyMeld {fields[0]},{fields[1]},{fields[3]}"],
            _ => [With(1, "ts=0" + fields[1][3..])],
        };
        foreach (var header in headers)
        {
            (await gateway.SendAsync(HttpMethod.Get, key.Path, [], null, null, header)).IsProblem(HttpStatusCode.Unauthorized, ErrorCodes.Unauthorized);
        }
        // None of that used up what is the owner's.
        Assert.Equal(HttpStatusCode.OK, (await gateway.SendAsync(HttpMethod.Get, key.Path, [], null, null, good)).Status);
    }

    [Fact]
    public async Task N01_a_body_that_was_not_signed_for_is_refused_and_does_nothing()
    {
        await using var gateway = await TestGateway.StartAsync(enclaves: 1);
        var key = new TestKey(gateway);
        var body = ProtocolJson.Utf8(new KeyRequestJson(SignedJson.Of(key.Statement.Statement), key.Sealed), ProtocolJson.Default.KeyRequestJson);
        byte[] spaced = [.. body, (byte)' '];
        var header = gateway.Authorize(HttpMethod.Post, Keys, body, key.Auth);

        (await gateway.SendAsync(HttpMethod.Post, Keys, spaced, null, null, header)).IsProblem(HttpStatusCode.Unauthorized, ErrorCodes.Unauthorized);
        (await gateway.SendAsync(HttpMethod.Post, Keys, body, null, null, gateway.Authorize(HttpMethod.Post, Keys, [], key.Auth))).IsProblem(HttpStatusCode.Unauthorized, ErrorCodes.Unauthorized);
        Assert.Equal(0, gateway.Enclaves[0].Count("AddKey"));

        Assert.Equal(HttpStatusCode.Created, (await gateway.SendAsync(HttpMethod.Post, Keys, body, null, null, header)).Status);
    }

    [Theory]
    [InlineData("/api/v1/keys?")]
    [InlineData("/api/v1/keys?a=1")]
    [InlineData("/api/v1/Keys")]
    [InlineData("/api/v1/keys/")]
    [InlineData("/api/v1//keys")]
    [InlineData("/api/v1/./keys")]
    [InlineData("/api/v1/x/../keys")]
    [InlineData("/api/v1/%6beys")]
    [InlineData("/api%2fv1/keys")]
    [InlineData("/api/v1/keys;a=1")]
    public async Task N01_another_way_to_write_the_target_is_another_call(string target)
    {
        await using var gateway = await TestGateway.StartAsync(enclaves: 1, ready: false);
        using var neighbour = new Neighbour("127.0.0.1", gateway.Address);
        using var key = SecretKey.Generate();
        // Signed for the target as the API writes it, sent in another form.
        var header = gateway.Authorize(HttpMethod.Get, Keys, [], key);
        var connection = await neighbour.ConnectAsync($"GET {target} HTTP/1.1\r\nHost: gateway\r\nAuthorization: {header}\r\n\r\n");
        var status = (await connection.ReadStatusAsync()).Split(' ')[1];
        Assert.Contains(status, (string[])["400", "401", "404"]);
        Assert.Equal(HttpStatusCode.OK, (await gateway.SendAsync(HttpMethod.Get, Keys, [], null, null, header)).Status);
    }

    [Fact]
    public async Task N01_two_authorizations_are_none()
    {
        await using var gateway = await TestGateway.StartAsync(enclaves: 1, ready: false);
        using var key = SecretKey.Generate();
        using var request = new HttpRequestMessage(HttpMethod.Get, Keys);
        foreach (var _ in (int[])[1, 2])
        {
            request.Headers.TryAddWithoutValidation("Authorization", gateway.Authorize(HttpMethod.Get, Keys, [], key));
        }
        using var response = await gateway.Http.SendAsync(request, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
        Assert.Equal("KeyMeld", Assert.Single(response.Headers.WwwAuthenticate).Scheme);
    }

    [Fact]
    public async Task N01_a_call_is_answered_once_however_often_and_whenever_it_is_sent()
    {
        var time = new SteppedTime();
        await using var gateway = await TestGateway.StartAsync(enclaves: 1, ready: false, time: time);
        using var key = SecretKey.Generate();
        var header = gateway.Authorize(HttpMethod.Get, Keys, [], key);
        Task<Answer> SendAsync(string authorization) => gateway.SendAsync(HttpMethod.Get, Keys, [], null, null, authorization);

        var atOnce = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => SendAsync(header)));
        Assert.Equal((1, 19), (atOnce.Count(answer => answer.Status == HttpStatusCode.OK), atOnce.Count(answer => answer.Status == HttpStatusCode.Unauthorized)));

        await gateway.StopGatewayAsync();
        await gateway.StartGatewayAsync();
        (await SendAsync(header)).IsProblem(HttpStatusCode.Unauthorized, ErrorCodes.Unauthorized);

        // It is remembered as long as its time would do, and later its time does not do; calls of the time between clean up what is over.
        for (var seconds = 0; seconds < 240; seconds += 30)
        {
            time.Step(TimeSpan.FromSeconds(30));
            (await SendAsync(header)).IsProblem(HttpStatusCode.Unauthorized, ErrorCodes.Unauthorized);
            for (var others = 0; others < 60; others++)
            {
                Assert.Equal(HttpStatusCode.OK, (await SendAsync(gateway.Authorize(HttpMethod.Get, Keys, [], key))).Status);
            }
        }
    }

    [Theory]
    [InlineData(-59, HttpStatusCode.OK)]
    [InlineData(59, HttpStatusCode.OK)]
    [InlineData(-62, HttpStatusCode.Unauthorized)]
    [InlineData(62, HttpStatusCode.Unauthorized)]
    public async Task N01_a_call_that_is_delayed_or_dated_ahead_is_refused(int seconds, HttpStatusCode status)
    {
        await using var gateway = await TestGateway.StartAsync(enclaves: 1, ready: false);
        using var key = SecretKey.Generate();
        var header = RequestAuthorization.Sign("GET", TestGateway.Authority, Keys, [], DateTimeOffset.UtcNow.AddSeconds(seconds).ToUnixTimeMilliseconds(), key);
        Assert.Equal(status, (await gateway.SendAsync(HttpMethod.Get, Keys, [], null, null, header)).Status);
    }

    [Fact]
    public async Task N01_old_statements_repeated_change_nothing_and_show_the_state_alone()
    {
        await using var gateway = await TestGateway.StartAsync();
        var group = await TestGroup.FormAsync(gateway, approvals: [true, true]);
        var signing = new TestSigning(group);
        await signing.SignAsync(prefer: null);
        (await signing.DecideAsync(1, prefer: "wait=30")).Read(ProtocolJson.Default.StateJson);
        var key = new TestKey(gateway);
        await key.AddAsync();
        var shown = await signing.ShowAsync();
        Assert.Equal("completed", shown.State);
        var before = DatabaseRows.Of(gateway.Database);
        var calls = Work(gateway);

        for (var round = 0; round < 2; round++)
        {
            Assert.Equal(HttpStatusCode.OK, (await group.PostAsync()).Status);
            Assert.Equal(HttpStatusCode.OK, (await group.JoinAsync(0)).Status);
            // Blobs beside a statement that is known are not looked at.
            Assert.Equal(HttpStatusCode.OK, (await group.JoinAsync(1, envelope: [1, 2, 3])).Status);
            var repeated = (await signing.PostAsync(items: [1, 2, 3])).Read(ProtocolJson.Default.SigningPostedJson);
            Assert.Equal((signing.Digest, "completed", null), (repeated.Id, repeated.State, repeated.Result));
            Assert.Equal("completed", (await gateway.PostAsync(signing.Path + "/approvals", shown.Approvals[0].ToStatement())).Read(ProtocolJson.Default.StateJson).State);
            var made = (await key.PostAsync(wire: [1, 2, 3])).Read(ProtocolJson.Default.KeyCreatedJson);
            Assert.Equal((key.Id, null), (made.Id, made.Answer));

            Assert.Equal(before, DatabaseRows.Of(gateway.Database));
            Assert.Equal(calls, Work(gateway));
            // After a restart as before it.
            await gateway.StopGatewayAsync();
            await gateway.StartGatewayAsync();
            await gateway.WhenReadyAsync();
        }
        // The owner sees what it may with an Authorization beside it, and goes on.
        Assert.NotNull((await signing.PostAsync(reader: group.Auths[0])).Read(ProtocolJson.Default.SigningPostedJson).Result);
        Assert.NotNull((await key.PostAsync(authorized: true)).Read(ProtocolJson.Default.KeyCreatedJson).Answer);
    }

    // What enclaves were made to do, beside saying how they are.
    private static int[] Work(TestGateway gateway) => [.. gateway.Enclaves.Select(enclave => enclave.Calls.Count(call => call is not ("GetStatus" or "Configure")))];
}
