using Grpc.Core;
using KeyMeld.Wire.Transport;
using KeyMeld.Wire.Transport.Vsock;
using KeyMeld.Wire.V1;

namespace KeyMeld.Tests.Transport;

/// <summary>By AF_VSOCK of the machine's own kernel: where it has no vsock_loopback, eng/vsock-vm.sh runs these in a virtual machine that has, and there nothing is skipped.</summary>
public sealed class VsockLinkTests : LinkContract
{
    public VsockLinkTests() => VsockMachine.Require();

    protected override PeerRule Own => new(VsockEndPoint.LocalCid);

    protected override string NobodyThere => "ECONNRESET";

    protected override EnclaveAddress NewAddress() => new EnclaveAddress.VsockPort(VsockEndPoint.LocalCid, VsockMachine.NextPort());

    [Fact]
    public async Task N06_a_peer_of_another_context_id_is_hung_up_on()
    {
        await using var enclave = await LinkEnclave.StartAsync(NewAddress(), new PeerRule(VsockEndPoint.ParentCid));
        using var channel = EnclaveChannel.Open(enclave.Address);
        var refusal = await Assert.ThrowsAsync<RpcException>(async () => await new KeyMeld.Wire.V1.Enclave.EnclaveClient(channel).GetStatusAsync(new GetStatusRequest(), cancellationToken: TestContext.Current.CancellationToken));
        Assert.NotEqual(StatusCode.OK, refusal.StatusCode);
        Assert.Equal(0, enclave.Calls);
    }

    [Fact]
    public async Task A_context_id_that_does_not_exist_is_named_with_errno()
    {
        var refusal = await Assert.ThrowsAsync<TransportException>(() => LinkSocket.ConnectAsync(EnclaveAddress.Parse("vsock:77:1234"), TestContext.Current.CancellationToken));
        Assert.Equal("connect vsock:77:1234: ENODEV", refusal.Message);
    }

    [Fact]
    public async Task Any_context_id_listens_on_every_one()
    {
        var port = VsockMachine.NextPort();
        using var listener = LinkSocket.Listen(new EnclaveAddress.VsockPort(VsockEndPoint.AnyCid, port));
        using var client = await LinkSocket.ConnectAsync(new EnclaveAddress.VsockPort(VsockEndPoint.LocalCid, port), TestContext.Current.CancellationToken);
        using var server = await listener.AcceptAsync(TestContext.Current.CancellationToken);
        Assert.Equal(VsockEndPoint.LocalCid, Assert.IsType<VsockEndPoint>(server.RemoteEndPoint).Cid);
    }
}
