using Grpc.Core;
using Grpc.Net.Client;
using KeyMeld.Protocol.Errors;
using KeyMeld.Wire;
using KeyMeld.Wire.Transport;
using KeyMeld.Wire.V1;

namespace KeyMeld.Tests.Enclave.Support;

/// <summary>The gateway's end of an enclave's socket, whether the enclave runs in this process or in one of its own.</summary>
internal abstract class EnclaveCaller
{
    private readonly TestMachine _machine;
    private readonly GrpcChannel _channel;

    protected EnclaveCaller(TestMachine machine, string socket)
    {
        (_machine, Socket) = (machine, socket);
        _channel = EnclaveChannel.Open("unix:" + socket);
        Client = new Wire.V1.Enclave.EnclaveClient(_channel);
    }

    public string Socket { get; }

    public Wire.V1.Enclave.EnclaveClient Client { get; }

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

    protected void Close() => _channel.Dispose();
}
