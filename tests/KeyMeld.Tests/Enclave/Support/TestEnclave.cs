using KeyMeld.Enclave.Configuration;
using KeyMeld.Enclave.Hosting;
using KeyMeld.Enclave.Nsm;
using KeyMeld.Wire.Transport;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace KeyMeld.Tests.Enclave.Support;

/// <summary>A whole enclave in this process, with its real socket, module and KMS client, and the gateway's end of its socket.</summary>
internal sealed class TestEnclave : EnclaveCaller, IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly NsmSocket _nsm;

    private TestEnclave(TestMachine machine, WebApplication app, NsmSocket nsm, string socket)
        : base(machine, socket) => (_app, _nsm) = (app, nsm);

    public required EnclaveLog Log { get; init; }

    public static async Task<TestEnclave> StartAsync(TestMachine machine, int module, EnclaveConfiguration configuration, string? at = null)
    {
        var socket = at ?? Path.Combine(machine.Folder, "run", $"enclave-{Guid.CreateVersion7():n}"[..40] + ".sock");
        var nsm = new NsmSocket(machine.Module(module).SocketPath);
        var log = new EnclaveLog();
        var app = EnclaveHost.Build(configuration, EnclaveAddress.Parse("unix:" + socket), nsm, builder =>
        {
            builder.Logging.ClearProviders().AddProvider(log).SetMinimumLevel(LogLevel.Trace).AddFilter("KeyMeld", LogLevel.Trace);
            builder.Services.AddSingleton(RecipientKeySupply.Take);
        });
        await app.StartAsync(TestContext.Current.CancellationToken);
        return new TestEnclave(machine, app, nsm, socket) { Log = log };
    }

    public T Part<T>()
        where T : notnull => _app.Services.GetRequiredService<T>();

    public async ValueTask DisposeAsync()
    {
        Close();
        await _app.StopAsync();
        await _app.DisposeAsync();
        _nsm.Dispose();
    }
}
