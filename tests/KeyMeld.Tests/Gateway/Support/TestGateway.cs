using System.Collections;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using KeyMeld.Gateway;
using KeyMeld.Gateway.Configuration;
using KeyMeld.Gateway.Dashboard;
using KeyMeld.Gateway.Fleet;
using KeyMeld.Protocol.Http;
using KeyMeld.Protocol.Statements;
using KeyMeld.Secp256k1;
using KeyMeld.Tests.Gateway.OpenApi;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace KeyMeld.Tests.Gateway.Support;

/// <summary>A real gateway on a port of its own, with a database in a folder of its own and as many fake enclaves as wanted.</summary>
internal sealed class TestGateway : IAsyncDisposable
{
    public const string Authority = "127.0.0.1:8090";

    private readonly DirectoryInfo _folder;
    private readonly IDictionary _overrides;
    private readonly TimeProvider _time;
    private readonly bool _isFirst;
    private WebApplication? _app;

    private TestGateway(DirectoryInfo folder, FakeEnclave[] enclaves, IDictionary overrides, TimeProvider time, string? storage, bool isFirst = true) =>
        (_folder, Enclaves, _overrides, _time, Storage, _isFirst) = (folder, enclaves, overrides, time, storage, isFirst);

    public FakeEnclave[] Enclaves { get; }

    /// <summary>The settings' storage section; a SQLite file of its own without it.</summary>
    public string? Storage { get; set; }

    public HttpClient Http { get; private set; } = null!;

    /// <summary>Where clients come in.</summary>
    public string Address => GatewayHost.AddressOf(_app!);

    /// <summary>Where operators come in; null without a listener of their own.</summary>
    public string? OperatorAddress => GatewayHost.OperatorAddressOf(_app!);

    /// <summary>Changes what the settings file says, before the gateway starts.</summary>
    public Func<GatewaySettings, GatewaySettings> Adjust { get; init; } = settings => settings;

    public GatewayParts Parts => _app!.Services.GetRequiredService<GatewayParts>();

    /// <summary>What is mapped.</summary>
    public IEnumerable<RouteEndpoint> Routes => _app!.Services.GetRequiredService<EndpointDataSource>().Endpoints.Cast<RouteEndpoint>().Where(route => route.Metadata.GetMetadata<DashboardFile>() is null);

    public string Database => Path.Combine(_folder.FullName, "data", "keymeld.db");

    public static async Task<TestGateway> StartAsync(
        int enclaves = 2, bool ready = true, IDictionary? overrides = null, TimeProvider? time = null, Action<FakeEnclave>? prepare = null, Func<GatewaySettings, GatewaySettings>? adjust = null,
        string? storage = null)
    {
        var folder = Directory.CreateTempSubdirectory("km-");
        var run = folder.CreateSubdirectory("run");
        File.SetUnixFileMode(run.FullName, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        var gateway = new TestGateway(folder, [.. Enumerable.Range(0, enclaves).Select(id => new FakeEnclave((uint)id, run.FullName))], overrides ?? new Hashtable(), time ?? TimeProvider.System, storage)
        {
            Adjust = adjust ?? (settings => settings),
        };
        foreach (var enclave in gateway.Enclaves)
        {
            prepare?.Invoke(enclave);
            await enclave.StartAsync();
        }
        await gateway.StartGatewayAsync();
        if (ready)
        {
            await gateway.WhenReadyAsync();
        }
        return gateway;
    }

    /// <summary>Another gateway on the same database, which must be a server's, and with the same enclaves.</summary>
    public async Task<TestGateway> StartAnotherAsync(TimeProvider? time = null, bool ready = true)
    {
        var another = new TestGateway(_folder, Enclaves, _overrides, time ?? TimeProvider.System, Storage, isFirst: false) { Adjust = Adjust };
        await another.StartGatewayAsync();
        if (ready)
        {
            await another.WhenReadyAsync();
        }
        return another;
    }

    /// <summary>Settings under which nobody calls too often, for tests that call more in a second than a person does in a day.</summary>
    public static Hashtable Unhurried() => new() { ["KEYMELD__LIMITS__CALLS_PER_SECOND"] = "100000", ["KEYMELD__LIMITS__IDENTITIES_PER_SECOND"] = "100000" };

    public async Task StartGatewayAsync()
    {
        _app = GatewayHost.Build(Adjust(SettingsReader.Read(Configuration, _overrides)), CredentialsOfEnvironment.Read(new Hashtable()), _time);
        await _app.StartAsync();
        Http = new HttpClient { BaseAddress = new Uri(GatewayHost.AddressOf(_app)), Timeout = TimeSpan.FromSeconds(100) };
    }

    /// <summary>The gateway's file.</summary>
    public string Configuration => $$"""
            mode: development
            server: { listen: "http://127.0.0.1:0", public_url: "http://{{Authority}}" }
            storage: {{Storage ?? $"{{ kind: sqlite, path: \"{Database}\" }}"}}
            kms: { enabled: true, endpoint_url: "http://localhost:4566", key_id: "alias/keymeld", enable_attestation: false }
            enclaves: [ {{string.Join(", ", Enclaves.Select(enclave => $"{{ id: {enclave.Id}, address: \"{enclave.Address}\" }}"))}} ]
            log: error
            """;

    /// <summary>Stops the gateway; its database stays.</summary>
    public async Task StopGatewayAsync()
    {
        if (Interlocked.Exchange(ref _app, null) is { } app)
        {
            Http.Dispose();
            await app.StopAsync();
            await app.DisposeAsync();
        }
    }

    public Task WhenReadyAsync() => Task.WhenAll(Enclaves.Select(enclave => Parts.Fleet.Get(enclave.Id).WhenReadyAsync(TestContext.Current.CancellationToken)));

    public Task<Answer> PostAsync<T>(string path, T body, JsonTypeInfo<T> type, string? prefer = null, SecretKey? reader = null) =>
        SendAsync(HttpMethod.Post, path, ProtocolJson.Utf8(body, type), prefer, reader);

    public Task<Answer> PostAsync(string path, SignedStatement statement, string? prefer = null) => PostAsync(path, SignedJson.Of(statement), ProtocolJson.Default.SignedJson, prefer);

    public Task<Answer> PostTextAsync(string path, string body) => SendAsync(HttpMethod.Post, path, Encoding.UTF8.GetBytes(body), null, null);

    public Task<Answer> GetAsync(string path, SecretKey? reader = null, string? prefer = null) => SendAsync(HttpMethod.Get, path, [], prefer, reader);

    /// <summary>An Authorization for a call of now.</summary>
    public string Authorize(HttpMethod method, string path, ReadOnlySpan<byte> body, SecretKey reader) =>
        RequestAuthorization.Sign(method.Method, Authority, path, body, _time.GetUtcNow().ToUnixTimeMilliseconds(), reader);

    public async Task<Answer> SendAsync(HttpMethod method, string path, byte[] body, string? prefer, SecretKey? reader, string? authorization = null)
    {
        using var request = new HttpRequestMessage(method, path);
        if (method == HttpMethod.Post)
        {
            request.Content = new ByteArrayContent(body) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } };
        }
        if (prefer is not null)
        {
            request.Headers.Add("Prefer", prefer);
        }
        if (authorization is not null || reader is not null)
        {
            request.Headers.TryAddWithoutValidation("Authorization", authorization ?? Authorize(method, path, body, reader!));
        }
        using var response = await Http.SendAsync(request, TestContext.Current.CancellationToken);
        var answer = new Answer(response.StatusCode, await response.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken), response.Content.Headers.ContentType?.MediaType);
        // Whatever a test is about, the gateway keeps what its document promises.
        if (ApiDocument.Committed.Find(method.Method, path) is { } call && answer.Body.Length < 64 * 1024)
        {
            Assert.Null(ApiDocument.Committed.Complaint(call, (int)answer.Status, answer.MediaType, answer.Body));
        }
        return answer;
    }

    public async ValueTask DisposeAsync()
    {
        await StopGatewayAsync();
        if (!_isFirst)
        {
            return;
        }
        foreach (var enclave in Enclaves)
        {
            await enclave.DisposeAsync();
        }
        _folder.Delete(recursive: true);
        Assert.All(Enclaves, enclave => Assert.Empty(enclave.Violations));
    }
}

/// <summary>What the gateway answered.</summary>
internal sealed record Answer(HttpStatusCode Status, byte[] Body, string? MediaType)
{
    public T Read<T>(JsonTypeInfo<T> type)
    {
        Assert.True(Status is HttpStatusCode.OK or HttpStatusCode.Created, $"{Status}: {Encoding.UTF8.GetString(Body)}");
        Assert.Equal("application/json", MediaType);
        return JsonSerializer.Deserialize(Body, type)!;
    }

    public void IsProblem(HttpStatusCode status, string code)
    {
        Assert.True(Status == status, $"{Status}: {Encoding.UTF8.GetString(Body)}");
        Assert.Equal("application/problem+json", MediaType);
        var problem = JsonSerializer.Deserialize(Body, ProtocolJson.Default.ProblemJson)!;
        Assert.Equal((code, (int)status), (problem.Code, problem.Status));
        Assert.False(string.IsNullOrWhiteSpace(problem.Detail));
    }
}
