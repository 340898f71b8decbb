using System.Net;
using System.Net.Sockets;
using KeyMeld.Gateway.Forwarding;
using KeyMeld.Tests.Transport;
using KeyMeld.Wire.Transport;
using KeyMeld.Wire.Transport.Vsock;
using Microsoft.Extensions.Logging.Abstractions;

namespace KeyMeld.Tests.Gateway.Forwarding;

/// <summary>The forwarder by AF_VSOCK: see <see cref="VsockMachine"/>.</summary>
public sealed class ForwarderVsockLinkTests : IDisposable
{
    private readonly TcpListener _target = new(IPAddress.Loopback, 0);

    public ForwarderVsockLinkTests()
    {
        VsockMachine.Require();
        _target.Start();
    }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => _target.Dispose();

    [Fact]
    public async Task N06_a_context_id_that_is_no_configured_enclaves_is_hung_up_on_and_nothing_is_dialled_for_it()
    {
        var port = VsockMachine.NextPort();
        await using var forwarder = await StartAsync(port, 16, 17);
        using var stranger = await LinkSocket.ConnectAsync(new EnclaveAddress.VsockPort(VsockEndPoint.LocalCid, port), Cancellation);
        Assert.Equal(0, await ReceiveAsync(stranger));
        Assert.False(_target.Pending());
    }

    [Fact]
    public async Task N06_the_configured_context_id_is_carried()
    {
        var port = VsockMachine.NextPort();
        await using var forwarder = await StartAsync(port, 16, VsockEndPoint.LocalCid);
        using var enclave = await LinkSocket.ConnectAsync(new EnclaveAddress.VsockPort(VsockEndPoint.LocalCid, port), Cancellation);
        using var kms = await _target.AcceptSocketAsync(Cancellation);
        await kms.SendAsync("here"u8.ToArray(), Cancellation);
        Assert.Equal(4, await ReceiveAsync(enclave));
    }

    private async Task<Forwarder> StartAsync(uint port, params uint[] cids)
    {
        var target = new ForwarderTarget("127.0.0.1", ((IPEndPoint)_target.LocalEndpoint).Port);
        var forwarder = new Forwarder(new ForwarderSettings(new EnclaveAddress.VsockPort(VsockEndPoint.AnyCid, port), target, [.. cids]), TimeProvider.System, NullLogger<Forwarder>.Instance);
        await forwarder.StartAsync(Cancellation);
        return forwarder;
    }

    private static async Task<int> ReceiveAsync(Socket socket)
    {
        try
        {
            return await socket.ReceiveAsync(new byte[16], Cancellation);
        }
        catch (SocketException)
        {
            return 0;
        }
    }
}
