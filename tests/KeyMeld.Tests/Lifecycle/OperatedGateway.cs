using System.Collections;
using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using KeyMeld.DevKit.Kms.Authentication;
using KeyMeld.Gateway;
using KeyMeld.Gateway.Configuration;
using KeyMeld.Gateway.Fleet;
using KeyMeld.Protocol.Statements;
using KeyMeld.Tests.Enclave.Support;
using KeyMeld.Tests.Gateway.Credentials;
using KeyMeld.Wire.V1;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace KeyMeld.Tests.Lifecycle;

/// <summary>A real gateway with one real enclave, KMS emulator and NSM simulator in this process, and an operator who has the token. Each part can be stopped and started by itself.</summary>
internal sealed class OperatedGateway : IAsyncDisposable
{
    private const string Token = "operator-token-of-this-test";

    private readonly bool _production;
    private readonly MetadataService? _metadata;
    private readonly TimeProvider _time;
    private WebApplication? _app;
    private HttpClient? _http;

    private OperatedGateway(TestMachine machine, bool production, MetadataService? metadata, TimeProvider time) => (Machine, _production, _metadata, _time) = (machine, production, metadata, time);

    public TestMachine Machine { get; }

    public TestEnclave? Enclave { get; private set; }

    /// <summary>The KMS key of both configurations; changing it takes effect with the next start of each.</summary>
    public string KeyArn { get; set; } = "";

    public string[] PreviousKeyArns { get; set; } = [];

    public string Database => Path.Combine(Machine.Folder, "data", "keymeld.db");

    public GatewayParts Parts => _app!.Services.GetRequiredService<GatewayParts>();

    private string Socket => Path.Combine(Machine.Folder, "run", "operated.sock");

    /// <summary>Everything started; in production nothing has a key yet, in development the gateway made one. With a metadata service, credentials are the instance role's and nothing is waited for.</summary>
    public static async Task<OperatedGateway> StartAsync(bool production, MetadataService? metadata = null, TimeProvider? time = null, IReadOnlyList<KmsCredential>? more = null)
    {
        var machine = await TestMachine.StartAsync(more);
        var operated = new OperatedGateway(machine, production, metadata, time ?? TimeProvider.System) { KeyArn = machine.KeyArn };
        await operated.StartEnclaveAsync();
        await operated.StartGatewayAsync();
        await (metadata is not null ? Task.CompletedTask : production ? operated.WhenLockedAsync("sealed_key_missing") : operated.WhenReadyAsync());
        return operated;
    }

    public async Task StartEnclaveAsync()
    {
        var configuration = await Machine.ConfigurationAsync();
        Enclave = await TestEnclave.StartAsync(Machine, 0, configuration with
        {
            Mode = _production ? EnclaveMode.Production : EnclaveMode.Development,
            Kms = configuration.Kms with { KeyId = KeyArn, PreviousKeyIds = [.. PreviousKeyArns] },
        }, Socket);
    }

    public async Task StopEnclaveAsync()
    {
        await Enclave!.DisposeAsync();
        Enclave = null;
    }

    public async Task StartGatewayAsync()
    {
        var yaml = $$"""
            mode: development
            server: { listen: "http://127.0.0.1:0", public_url: "http://127.0.0.1:8090" }
            storage: { kind: sqlite, path: "{{Database}}" }
            kms: { enabled: true, endpoint_url: "{{Machine.Kms.Endpoint}}", key_id: "{{KeyArn}}", enable_attestation: true, previous_key_ids: [{{string.Join(", ", PreviousKeyArns.Select(arn => $"\"{arn}\""))}}] }
            operator: { token_sha256: "{{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Token)))}}" }
            enclaves: [ { id: 0, address: "unix:{{Socket}}" } ]
            credentials: { source: {{(_metadata is null ? "environment" : "instance_role")}} }
            log: error
            """;
        // What production refuses in the file (this endpoint) is what the test machine needs.
        var settings = SettingsReader.Read(yaml, new Hashtable()) with { Production = _production };
        _app = GatewayHost.Build(settings, _metadata is null ? Machine.Credentials : new AwsCredentials(), _time, _metadata?.Client());
        await _app.StartAsync(TestContext.Current.CancellationToken);
        _http = new HttpClient { BaseAddress = new Uri(GatewayHost.AddressOf(_app)) };
    }

    public async Task StopGatewayAsync()
    {
        _http?.Dispose();
        if (Interlocked.Exchange(ref _app, null) is { } app)
        {
            await app.StopAsync();
            await app.DisposeAsync();
        }
    }

    /// <summary>Both processes stop and start again with what the properties say now.</summary>
    public async Task RestartAsync()
    {
        await StopGatewayAsync();
        await StopEnclaveAsync();
        await StartEnclaveAsync();
        await StartGatewayAsync();
    }

    public Task WhenReadyAsync() => Parts.Fleet.Get(0).WhenReadyAsync(TestContext.Current.CancellationToken);

    /// <summary>Waits until the enclave is locked for that reason.</summary>
    public async Task WhenLockedAsync(string reason)
    {
        while (Parts.Fleet.Get(0).View.Condition is not EnclaveCondition.Locked locked || locked.Code != reason)
        {
            await Task.Delay(10, TestContext.Current.CancellationToken);
        }
    }

    public Task<EnclaveStatus> StatusAsync() => Enclave!.StatusAsync();

    /// <summary>The sealed rows as they are in the database, oldest epoch first.</summary>
    public SealedKeyRow[] Rows() => [.. Parts.SealedKeys.ReadAsync(0).AsTask().GetAwaiter().GetResult().Rows];

    public Task<(HttpStatusCode Status, JsonElement Body)> OrderAsync(string change, bool dryRun = false) =>
        SendAsync($"/api/v1/operator/enclaves/0/{change}", dryRun ? """{"dry_run": true}""" : "{}");

    public async Task<(HttpStatusCode Status, JsonElement Body)> SendAsync(string path, string body, string? token = Token)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new StringContent(body, Encoding.UTF8, "application/json") };
        request.Headers.Authorization = token is null ? null : new AuthenticationHeaderValue("Bearer", token);
        using var response = await _http!.SendAsync(request, TestContext.Current.CancellationToken);
        using var document = JsonDocument.Parse(await response.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken));
        return (response.StatusCode, document.RootElement.Clone());
    }

    /// <summary>The order succeeds.</summary>
    public async Task<JsonElement> DoAsync(string change, bool dryRun = false)
    {
        var (status, body) = await OrderAsync(change, dryRun);
        Assert.True(status == HttpStatusCode.OK, body.ToString());
        Assert.Equal(dryRun, body.GetProperty("dry_run").GetBoolean());
        return body;
    }

    /// <summary>The order is refused with this code, and neither rows nor announced keys change.</summary>
    public async Task RefusesAsync(string change, string code, bool dryRun = false)
    {
        var (rows, keys) = (Rows(), (await StatusAsync()).Keys);
        var (status, body) = await OrderAsync(change, dryRun);
        Assert.True(status != HttpStatusCode.OK, $"{change} was done");
        Assert.Equal(code, body.GetProperty("code").GetString());
        Assert.Equal(rows, Rows());
        Assert.Equal(keys, (await StatusAsync()).Keys);
    }

    public async ValueTask DisposeAsync()
    {
        await StopGatewayAsync();
        if (Enclave is not null)
        {
            await Enclave.DisposeAsync();
        }
        await Machine.DisposeAsync();
    }
}
