using System.Collections.Concurrent;
using System.Security.Cryptography;
using Google.Protobuf;
using KeyMeld.Enclave.Hosting;
using KeyMeld.Protocol.Errors;
using KeyMeld.Protocol.Statements;
using KeyMeld.Secp256k1;
using KeyMeld.Wire.Transport;
using KeyMeld.Wire.V1;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;

namespace KeyMeld.Tests.Gateway.Support;

/// <summary>
/// An enclave process as the gateway sees it, on a real unix socket: status, rows, groups in memory, attempts and boots behave as the protocol says; cryptography is left out.
/// It also watches the gateway: calls that no honest gateway makes are kept in <see cref="Violations"/>.
/// </summary>
internal sealed class FakeEnclave : IAsyncDisposable
{
    private readonly string _socket;
    private WebApplication? _process;

    public FakeEnclave(uint id, string folder)
    {
        Id = id;
        _socket = Path.Combine(folder, $"enclave-{id}.sock");
    }

    public uint Id { get; }

    public string Address => "unix:" + _socket;

    /// <summary>Every call, by its name.</summary>
    public ConcurrentQueue<string> Calls { get; } = [];

    public ConcurrentQueue<string> Violations { get; } = [];

    public ConcurrentQueue<UntrustedForget> Forgotten { get; } = [];

    public ConcurrentQueue<UntrustedSingleSign> SingleSigns { get; } = [];

    public ConcurrentQueue<ByteString> ForgottenKeys { get; } = [];

    /// <summary>Called first in every call with its name; may wait or throw a <see cref="KeyMeldException"/>.</summary>
    public Func<string, IMessage, Task> Before { get; set; } = (_, _) => Task.CompletedTask;

    /// <summary>Does a call for real; null leaves it to the fake.</summary>
    public Func<FakeEnclaveService, string, IMessage, Task<IMessage?>>? Real { get; set; }

    /// <summary>Where its random bytes and its keys come from; tests that want the same each time set others before it starts.</summary>
    public Func<int, ByteString> Draw { get; set; } = Random;

    public Func<SecretKey> NewKey { get; set; } = SecretKey.Generate;

    /// <summary>May change an answer before it is sent.</summary>
    public Action<string, IMessage> Change { get; set; } = (_, _) => { };

    public EnclaveStatus Configuration { get; } = new() { Mode = "development", KmsKeyId = "alias/keymeld", KmsEndpoint = "http://localhost:4566/", KmsRegion = "us-west-2", Software = "fake" };

    /// <summary>What the last Configure of this boot brought.</summary>
    public UntrustedConfigure? Configured => Service?.Configured;

    public ByteString Boot => Service!.Boot;

    internal FakeEnclaveService? Service { get; private set; }

    /// <summary>The identity keys by the public key in their row: they survive a restart as the sealed row does.</summary>
    internal ConcurrentDictionary<ByteString, SecretKey> Sealed { get; } = [];

    public EnclaveKeys Keys
    {
        get
        {
            var key = Service!.Key ?? throw new InvalidOperationException("The enclave has no key yet.");
            return new EnclaveKeys(PublicKey.Parse(key.PublicKey.Bytes), key.XOnlyPublicKey, 1, (int)Id);
        }
    }

    public int Count(string call) => Calls.Count(made => made == call);

    public async Task StartAsync()
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        Service = new FakeEnclaveService(this);
        builder.WebHost.UseKestrelCore().ConfigureKestrel(options => options.ListenOn(EnclaveAddress.Parse(Address), new PeerRule()));
        builder.Services.AddRoutingCore();
        builder.Services.AddGrpc(options => (options.MaxReceiveMessageSize, options.MaxSendMessageSize) = (WireLimits.MaxMessageBytes, WireLimits.MaxMessageBytes));
        builder.Services.AddSingleton(Service).AddSingleton<CallPlaces>().AddSingleton<FakeExchangeService>();
        _process = builder.Build();
        _process.UseRouting();
        _process.MapGrpcService<FakeEnclaveService>();
        _process.MapGrpcService<FakeExchangeService>();
        await _process.StartAsync();
    }

    /// <summary>The process dies: connections close, memory is gone.</summary>
    public async Task CrashAsync()
    {
        if (Interlocked.Exchange(ref _process, null) is { } process)
        {
            using var now = new CancellationTokenSource();
            await now.CancelAsync();
            await process.StopAsync(now.Token);
            await process.DisposeAsync();
            File.Delete(_socket);
        }
    }

    public async Task RestartAsync()
    {
        await CrashAsync();
        await StartAsync();
    }

    public ValueTask DisposeAsync() => new(CrashAsync());

    public static ByteString Random(int bytes) => ByteString.CopyFrom(RandomNumberGenerator.GetBytes(bytes));

    /// <summary>Fails the first calls of a kind, then lets them through.</summary>
    public void FailFirst(string call, int times, string code)
    {
        var left = times;
        Before = (name, _) => name == call && Interlocked.Decrement(ref left) >= 0 ? throw new KeyMeldException(code, "On purpose.") : Task.CompletedTask;
    }
}
