using System.Text;
using KeyMeld.Attestation;
using KeyMeld.Client;
using KeyMeld.Protocol.Errors;
using KeyMeld.Tests.Client.Support;

namespace KeyMeld.Tests.Client.Transport;

public sealed class GatewayTransportTests : IDisposable
{
    private readonly ClientWorld _world = new();

    public void Dispose() => _world.Dispose();

    [Theory]
    [InlineData("http://gateway.example/")]
    [InlineData("http://10.0.0.1:8090/")]
    [InlineData("http://localhost.example/")]
    [InlineData("ftp://localhost/")]
    public void Plain_http_is_for_this_machine_only(string gateway) => Refused.With(ErrorCodes.GatewayInsecure, () => Connect(gateway, Production));

    [Theory]
    [InlineData("https://gateway.example/")]
    [InlineData("https://192.168.1.1/")]
    public void A_development_root_is_for_this_machine_only(string gateway)
    {
        Refused.With(ErrorCodes.GatewayInsecure, () => Connect(gateway, _world.Module.Policy));
        Connect(gateway, Production).Dispose();
    }

    [Theory]
    [InlineData("http://localhost:8090")]
    [InlineData("http://127.0.0.1:8090/")]
    [InlineData("http://127.1.2.3/")]
    [InlineData("http://[::1]:8090/")]
    [InlineData("https://localhost/")]
    public void This_machine_is_reached_by_either_scheme(string gateway) => Connect(gateway, _world.Module.Policy).Dispose();

    [Theory]
    [InlineData("https://gateway.example/path")]
    [InlineData("https://gateway.example/?query")]
    [InlineData("https://user@gateway.example/")]
    [InlineData("https://gateway.example/#fragment")]
    public void A_gateway_is_scheme_host_and_port_only(string gateway) => Refused.With(ErrorCodes.BadRequest, () => Connect(gateway, Production));

    [Theory]
    [InlineData(302, "text/plain", "", ErrorCodes.GatewayResponseInvalid)]
    [InlineData(200, "text/html", "{\"enclaves\":[]}", ErrorCodes.GatewayResponseInvalid)]
    [InlineData(200, "application/json", "", ErrorCodes.GatewayResponseInvalid)]
    [InlineData(200, "application/json", "null", ErrorCodes.GatewayResponseInvalid)]
    [InlineData(200, "application/json", "{}", ErrorCodes.GatewayResponseInvalid)]
    [InlineData(200, "application/json", "[]", ErrorCodes.GatewayResponseInvalid)]
    [InlineData(200, "application/json", "{\"enclaves\":null}", ErrorCodes.GatewayResponseInvalid)]
    [InlineData(200, "application/json", "{\"enclaves\":[],\"enclaves\":[]}", ErrorCodes.GatewayResponseInvalid)]
    [InlineData(200, "application/json", "{\"enclaves\":[{\"id\":\"0\",\"state\":\"ready\"}]}", ErrorCodes.GatewayResponseInvalid)]
    [InlineData(200, "application/json", "{\"enclaves\":[{\"id\":0,\"state\":\"ready\",\"key\":\"02AA\"}]}", ErrorCodes.GatewayResponseInvalid)]
    [InlineData(200, "application/json", "{\"enclaves\":[]} {}", ErrorCodes.GatewayResponseInvalid)]
    [InlineData(500, "application/problem+json", "{\"code\":\"made_up\"}", ErrorCodes.GatewayResponseInvalid)]
    [InlineData(500, "application/problem+json", "{\"detail\":\"no code\"}", ErrorCodes.GatewayResponseInvalid)]
    [InlineData(500, "application/problem+json", "not json", ErrorCodes.GatewayResponseInvalid)]
    [InlineData(500, "text/html", "<h1>Bad Gateway</h1>", ErrorCodes.GatewayResponseInvalid)]
    [InlineData(503, "application/problem+json", "{\"code\":\"enclave_locked\",\"title\":\"t\",\"detail\":\"no key\",\"status\":503}", ErrorCodes.EnclaveLocked)]
    public async Task Answers_are_what_was_asked_for_or_a_problem_with_its_code(int status, string type, string body, string code)
    {
        _world.Gateway.Intercept = _ => FakeGateway.Json(Encoding.UTF8.GetBytes(body), status, type);
        await Refused.WithAsync(code, () => _world.Alice.Enclaves.ListAsync(ClientWorld.Cancel));
    }

    [Fact]
    public async Task A_problems_detail_is_shown_without_what_steers_a_terminal()
    {
        _world.Gateway.Intercept = _ => FakeGateway.Json("{\"code\":\"busy\",\"detail\":\"\\u001b[2J\\u202egone\\r\\nnew line\"}"u8.ToArray(), 503, "application/problem+json");
        var error = await Refused.WithAsync(ErrorCodes.Busy, () => _world.Alice.Enclaves.ListAsync(ClientWorld.Cancel));
        Assert.DoesNotContain(error.Message, char.IsControl);
        Assert.DoesNotContain('\u202e', error.Message);
        Assert.Contains("gone", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task An_answer_without_end_is_cut_off(bool hasLength)
    {
        _world.Gateway.Intercept = _ =>
        {
            var response = FakeGateway.Json([]);
            response.Content = new StreamContent(new Endless());
            response.Content.Headers.ContentType = new System.Net.Http.Headers.MediaTypeHeaderValue("application/json");
            response.Content.Headers.ContentLength = hasLength ? long.MaxValue : null;
            return response;
        };
        await Refused.WithAsync(ErrorCodes.GatewayResponseInvalid, () => _world.Alice.Enclaves.ListAsync(ClientWorld.Cancel));
    }

    [Fact]
    public async Task A_gateway_that_never_answers_is_given_up_on()
    {
        var hanging = new Hanging();
        using var client = KeyMeldClient.Connect(FakeGateway.Address, _world.Module.Policy, _world.Alice.Profile, new KeyMeldClientOptions { Time = _world.Clock, Handler = hanging });
        var call = client.Enclaves.ListAsync(ClientWorld.Cancel);
        await hanging.Asked.Task;
        _world.Clock.Advance(TimeSpan.FromSeconds(31));
        await Refused.WithAsync(ErrorCodes.GatewayUnreachable, () => call);
        using var cancel = new CancellationTokenSource();
        var cancelled = client.Enclaves.ListAsync(cancel.Token);
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => cancelled);
    }

    [Fact]
    public async Task Reading_calls_are_signed_and_open_ones_are_not()
    {
        var (group, _) = await _world.CreateAsync();
        await _world.Alice.Groups.StatusAsync(group, ClientWorld.Cancel);
        Assert.All(_world.Gateway.Calls, call => Assert.Equal(call.Method == "GET" && call.Target.StartsWith("/api/v1/keygen", StringComparison.Ordinal), call.IsAuthorized));
    }

    private static AttestationPolicy Production => new AttestationPolicy.Production(
        [FakeModule.Genuine.ToRelease("arn:aws:kms:us-west-2:000000000000:key/11111111-2222-3333-4444-555555555555")]);

    private KeyMeldClient Connect(string gateway, AttestationPolicy policy) => KeyMeldClient.Connect(new Uri(gateway), policy, _world.Alice.Profile);

    private sealed class Hanging : HttpMessageHandler
    {
        public TaskCompletionSource Asked { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            Asked.TrySetResult();
            await Task.Delay(Timeout.Infinite, cancellationToken);
            throw new InvalidOperationException();
        }
    }

    private sealed class Endless : MemoryStream
    {
        public override int Read(byte[] buffer, int offset, int count) => count;

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => new(buffer.Length);
    }
}
