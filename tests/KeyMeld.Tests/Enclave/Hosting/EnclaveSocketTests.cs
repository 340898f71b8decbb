using System.Net.Sockets;
using Google.Protobuf;
using Grpc.Core;
using KeyMeld.Protocol.Errors;
using KeyMeld.Tests.Enclave.Support;
using KeyMeld.Wire;
using KeyMeld.Wire.Transport;
using KeyMeld.Wire.V1;

namespace KeyMeld.Tests.Enclave.Hosting;

public class EnclaveSocketTests(MachineFixture fixture) : IClassFixture<MachineFixture>
{
    private TestMachine Machine => fixture.Machine;

    [Fact]
    public async Task N06_socket_and_folder_belong_to_their_owner_alone()
    {
        var enclave = await Machine.StartEnclaveAsync();
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(enclave.Socket));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(Path.GetDirectoryName(enclave.Socket)!));
    }

    [Fact]
    public async Task N06_a_peer_is_known_by_its_user()
    {
        var enclave = await Machine.StartEnclaveAsync();
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await socket.ConnectAsync(new UnixDomainSocketEndPoint(enclave.Socket), TestContext.Current.CancellationToken);
        Assert.True(UnixPeer.IsOwnUser(socket));
        Assert.False(UnixPeer.IsUser(socket, UnixPeer.EffectiveUser() + 1));
    }

    [Fact]
    public async Task A_folder_open_to_others_and_a_socket_in_use_are_refused_and_a_stale_one_is_replaced()
    {
        var open = Directory.CreateTempSubdirectory("keymeld-open-").FullName;
        File.SetUnixFileMode(open, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.GroupExecute);
        Assert.Contains("chmod 700", (await Assert.ThrowsAsync<IOException>(() => ListenAsync(Path.Combine(open, "e.sock")))).Message, StringComparison.Ordinal);
        Directory.Delete(open);

        var enclave = await Machine.StartEnclaveAsync();
        Assert.Contains("already", (await Assert.ThrowsAsync<IOException>(() => ListenAsync(enclave.Socket))).Message, StringComparison.Ordinal);

        var stale = Path.Combine(Machine.Folder, "run", "stale.sock");
        using (var left = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified))
        {
            left.Bind(new UnixDomainSocketEndPoint(stale + "x"));
            File.Move(stale + "x", stale);
        }
        await ListenAsync(stale);
    }

    [Fact]
    public async Task G13_large_and_malformed_messages_and_unknown_methods_get_an_error_and_harm_nobody()
    {
        var enclave = await Machine.StartEnclaveAsync();
        using var channel = EnclaveChannel.Open("unix:" + enclave.Socket);
        var raw = channel.CreateCallInvoker();
        async Task<StatusCode> CallAsync(string method, byte[] message)
        {
            var marshaller = Marshallers.Create(bytes => bytes, bytes => bytes);
            var call = new Method<byte[], byte[]>(MethodType.Unary, "keymeld.enclave.v1.Enclave", method, marshaller, marshaller);
            return (await Assert.ThrowsAsync<RpcException>(async () => await raw.AsyncUnaryCall(call, null, default, message))).StatusCode;
        }

        Assert.Equal(StatusCode.Unimplemented, await CallAsync("Export", []));
        Assert.NotEqual(StatusCode.OK, await CallAsync("Genesis", [0xff, 0xff, 0xff]));
        Assert.NotEqual(StatusCode.OK, await CallAsync("Configure", new byte[2 * 1024 * 1024]));
        // One byte more than the bound; the channel's own bound is lifted for it.
        using var wide = Grpc.Net.Client.GrpcChannel.ForAddress("http://enclave", new Grpc.Net.Client.GrpcChannelOptions
        {
            MaxSendMessageSize = null,
            HttpHandler = new SocketsHttpHandler
            {
                ConnectCallback = async (_, cancellation) =>
                {
                    var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                    await socket.ConnectAsync(new UnixDomainSocketEndPoint(enclave.Socket), cancellation);
                    return new NetworkStream(socket, ownsSocket: true);
                },
            },
        });
        var tooLarge = new UntrustedBundle { Keygen = new UntrustedKeygen { Terms = ByteString.CopyFrom(new byte[WireLimits.MaxMessageBytes + 1]) } };
        Assert.NotEqual(StatusCode.OK, (await Assert.ThrowsAsync<RpcException>(async () =>
            await new Wire.V1.Enclave.EnclaveClient(wide).LoadGroupAsync(tooLarge, cancellationToken: TestContext.Current.CancellationToken))).StatusCode);

        using (var garbage = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified))
        {
            await garbage.ConnectAsync(new UnixDomainSocketEndPoint(enclave.Socket), TestContext.Current.CancellationToken);
            await garbage.SendAsync(new byte[10_000], TestContext.Current.CancellationToken);
        }
        Assert.Equal(EnclaveStatus.Types.State.Unconfigured, (await enclave.StatusAsync()).State);
    }

    [Fact]
    public async Task N05_more_connections_than_a_gateway_needs_are_not_served_and_the_first_goes_on()
    {
        var enclave = await Machine.StartEnclaveAsync();
        await enclave.StatusAsync();
        var flood = new List<Socket>();
        for (var i = 0; i < 100; i++)
        {
            var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(enclave.Socket), TestContext.Current.CancellationToken);
            flood.Add(socket);
        }
        Assert.Equal(EnclaveStatus.Types.State.Unconfigured, (await enclave.StatusAsync()).State);
        flood.ForEach(socket => socket.Dispose());
    }

    [Fact]
    public async Task K24_neither_credentials_nor_keys_are_in_the_log()
    {
        var enclave = await Machine.StartEnclaveAsync();
        var row = await enclave.BeginAsync();
        await TestEnclave.RefusalAsync(() => enclave.GenesisAsync(9));
        var log = enclave.Log.Text;
        Assert.Contains("sealed_key_exists", log, StringComparison.Ordinal);
        Assert.DoesNotContain(Machine.Credentials.SecretAccessKey, log, StringComparison.Ordinal);
        Assert.DoesNotContain(Machine.Credentials.AccessKeyId, log, StringComparison.Ordinal);
        var secret = new byte[32];
        enclave.Part<KeyMeld.Enclave.Identity.KeyKeeper>().Current.Newest.IdentityKey.Export(secret);
        Assert.DoesNotContain(Convert.ToHexString(secret), log, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain(Convert.ToBase64String(secret), log, StringComparison.Ordinal);
        Assert.DoesNotContain(Convert.ToBase64String(row.KmsEncryptedDek.Span), log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_fault_of_the_program_says_internal_and_nothing_else()
    {
        var refusal = await Assert.ThrowsAsync<RpcException>(() => new KeyMeld.Enclave.Hosting.FaultInterceptor(TimeProvider.System, new KeyMeld.Enclave.Hosting.CallFaults(new Microsoft.Extensions.Logging.Abstractions.NullLogger<KeyMeld.Enclave.Hosting.CallFaults>()))
            .UnaryServerHandler<GetStatusRequest, EnclaveStatus>(new GetStatusRequest(), new Calls(), (_, _) => throw new InvalidOperationException("with a secret in it")));
        Assert.Equal(ErrorCodes.Internal, EnclaveFault.FromRpc(refusal).Code);
        Assert.DoesNotContain("secret", refusal.ToString(), StringComparison.Ordinal);
    }

    private async Task ListenAsync(string path)
    {
        var app = KeyMeld.Enclave.Hosting.EnclaveHost.Build(await Machine.ConfigurationAsync(), EnclaveAddress.Parse("unix:" + path), new ScriptedNsm());
        await using (app)
        {
            await app.StartAsync(TestContext.Current.CancellationToken);
            await app.StopAsync(TestContext.Current.CancellationToken);
        }
    }

    private sealed class Calls : ServerCallContext
    {
        protected override string MethodCore => "GetStatus";
        protected override string HostCore => "";
        protected override string PeerCore => "";
        protected override DateTime DeadlineCore => DateTime.MaxValue;
        protected override Metadata RequestHeadersCore => [];
        protected override CancellationToken CancellationTokenCore => default;
        protected override Metadata ResponseTrailersCore => [];
        protected override Status StatusCore { get; set; }
        protected override WriteOptions? WriteOptionsCore { get; set; }
        protected override AuthContext AuthContextCore => throw new NotSupportedException();
        protected override ContextPropagationToken CreatePropagationTokenCore(ContextPropagationOptions? options) => throw new NotSupportedException();
        protected override Task WriteResponseHeadersAsyncCore(Metadata responseHeaders) => Task.CompletedTask;
    }
}
