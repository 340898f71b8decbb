using Grpc.Core;
using Grpc.Net.Client;
using KeyMeld.Enclave.Configuration;
using KeyMeld.Enclave.Hosting;
using KeyMeld.Enclave.Nsm;
using KeyMeld.Protocol.Errors;
using KeyMeld.Wire;
using KeyMeld.Wire.Transport;
using KeyMeld.Wire.V1;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace KeyMeld.Tests.Enclave.Support;

/// <summary>A whole enclave in this process, with its real socket, module and KMS client, and the gateway's end of its socket.</summary>
internal sealed class TestEnclave : IAsyncDisposable
{
    private readonly TestMachine _machine;
    private readonly WebApplication _app;
    private readonly NsmSocket _nsm;
    private readonly GrpcChannel _channel;

    private TestEnclave(TestMachine machine, WebApplication app, NsmSocket nsm, string socket)
    {
        (_machine, _app, _nsm, Socket) = (machine, app, nsm, socket);
        _channel = EnclaveChannel.Open("unix:" + socket);
        Client = new Wire.V1.Enclave.EnclaveClient(_channel);
    }

    public string Socket { get; }

    public required EnclaveLog Log { get; init; }

    public Wire.V1.Enclave.EnclaveClient Client { get; }

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

    public async Task<EnclaveStatus> StatusAsync() => await Client.GetStatusAsync(new GetStatusRequest(), cancellationToken: TestContext.Current.CancellationToken);

    public Task<EnclaveStatus> ConfigureAsync(params SealedKeyRow[] rows) => ConfigureAsync(new UntrustedConfigure { Credentials = _machine.Credentials, Rows = { rows } });

    public async Task<EnclaveStatus> ConfigureAsync(UntrustedConfigure request) => await Client.ConfigureAsync(request, cancellationToken: TestContext.Current.CancellationToken);

    public async Task<SealedKeyRow> GenesisAsync(uint epoch = 1, uint enclave = 0) =>
        await Client.GenesisAsync(new UntrustedGenesis { EnclaveId = enclave, KeyEpoch = epoch }, cancellationToken: TestContext.Current.CancellationToken);

    /// <summary>Configures an enclave that has nothing and lets it make its first key; returns the row as the gateway stores it. Afterwards it is ready.</summary>
    public async Task<SealedKeyRow> BeginAsync(uint number = 0)
    {
        await ConfigureAsync(new UntrustedConfigure { EnclaveId = number, Credentials = _machine.Credentials });
        var row = await GenesisAsync(enclave: number);
        var status = await ConfigureAsync(new UntrustedConfigure { EnclaveId = number, Credentials = _machine.Credentials, Rows = { row } });
        Assert.Equal(EnclaveStatus.Types.State.Ready, status.State);
        return row;
    }

    /// <summary>The refusal a call ends in.</summary>
    public static async Task<KeyMeldException> RefusalAsync(Func<Task> call) => EnclaveFault.FromRpc(await Assert.ThrowsAsync<RpcException>(call));

    public async ValueTask DisposeAsync()
    {
        _channel.Dispose();
        await _app.StopAsync();
        await _app.DisposeAsync();
        _nsm.Dispose();
    }
}
