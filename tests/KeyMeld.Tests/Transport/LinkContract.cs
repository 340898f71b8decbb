using System.Net.Sockets;
using System.Security.Cryptography;
using Google.Protobuf;
using Grpc.Core;
using KeyMeld.Wire.Transport;
using KeyMeld.Wire.V1;

namespace KeyMeld.Tests.Transport;

/// <summary>What a link between gateway and enclave does, whichever sockets carry it. Derived classes say at which addresses.</summary>
public abstract class LinkContract
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>An address nobody uses, of this class's family.</summary>
    protected abstract EnclaveAddress NewAddress();

    /// <summary>Admits this process.</summary>
    protected abstract PeerRule Own { get; }

    /// <summary>What the system says when nobody listens, as a pattern.</summary>
    protected abstract string NobodyThere { get; }

    [Fact]
    public async Task Calls_of_every_size_cross_many_at_once()
    {
        await using var enclave = await LinkEnclave.StartAsync(NewAddress(), Own);
        using var channel = EnclaveChannel.Open(enclave.Address);
        var client = new KeyMeld.Wire.V1.Enclave.EnclaveClient(channel);
        var large = RandomNumberGenerator.GetBytes(3_000_000);

        var answer = await client.LoadGroupAsync(new UntrustedBundle { Keygen = new UntrustedKeygen { Terms = ByteString.CopyFrom(large) } }, cancellationToken: Cancellation);
        Assert.Equal(SHA256.HashData(large), answer.Roster.ToByteArray());

        var many = await Task.WhenAll(Enumerable.Range(0, 64).Select(async index =>
            (await client.GetIdentityAsync(new GetIdentityRequest { Nonce = ByteString.CopyFrom([(byte)index]) }, cancellationToken: Cancellation)).Identity[0]));
        Assert.Equal(Enumerable.Range(0, 64).Select(index => (byte)index), many);
    }

    [Fact]
    public async Task The_gateway_hears_of_a_dead_enclave_at_once_and_reaches_the_next_one_by_the_same_channel()
    {
        var address = NewAddress();
        var closed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var first = await LinkEnclave.StartAsync(address, Own);
        using var channel = EnclaveChannel.Open(address, () => closed.TrySetResult());
        var client = new KeyMeld.Wire.V1.Enclave.EnclaveClient(channel);
        Assert.Equal("link", (await client.GetStatusAsync(new GetStatusRequest(), cancellationToken: Cancellation)).Software);

        await first.DisposeAsync();
        await closed.Task.WaitAsync(TimeSpan.FromMinutes(3), Cancellation);
        var refusal = KeyMeld.Wire.EnclaveFault.FromRpc(await Assert.ThrowsAsync<RpcException>(async () => await client.GetStatusAsync(new GetStatusRequest(), cancellationToken: Cancellation)));
        Assert.Matches($"connect {address}: {NobodyThere}", refusal.Message);

        await using var second = await LinkEnclave.StartAsync(address, Own);
        Assert.Equal("link", (await client.GetStatusAsync(new GetStatusRequest(), new CallOptions(cancellationToken: Cancellation).WithWaitForReady())).Software);
    }

    [Fact]
    public async Task A_half_closed_connection_still_answers()
    {
        var address = NewAddress();
        using var listener = LinkSocket.Listen(address);
        using var client = await LinkSocket.ConnectAsync(address, Cancellation);
        using var server = await listener.AcceptAsync(Cancellation);
        Assert.True(Own.Admits(server));

        await client.SendAsync("question"u8.ToArray(), Cancellation);
        client.Shutdown(SocketShutdown.Send);
        Assert.Equal("question"u8.ToArray(), await ReceiveAllAsync(server));
        await server.SendAsync("answer"u8.ToArray(), Cancellation);
        server.Shutdown(SocketShutdown.Send);
        Assert.Equal("answer"u8.ToArray(), await ReceiveAllAsync(client));
    }

    [Fact]
    public async Task Bytes_arrive_whole_and_in_order_however_they_are_cut()
    {
        var address = NewAddress();
        using var listener = LinkSocket.Listen(address);
        using var client = await LinkSocket.ConnectAsync(address, Cancellation);
        using var server = await listener.AcceptAsync(Cancellation);
        var sent = RandomNumberGenerator.GetBytes(4_000_000);

        async Task SendAsync()
        {
            for (var rest = sent.AsMemory(); rest.Length > 0;)
            {
                rest = rest[await client.SendAsync(rest, Cancellation)..];
            }
            client.Shutdown(SocketShutdown.Send);
        }
        var sending = SendAsync();
        var received = await ReceiveAllAsync(server);
        await sending;
        Assert.Equal(SHA256.HashData(sent), SHA256.HashData(received));
    }

    [Fact]
    public async Task What_the_system_refuses_is_named()
    {
        var address = NewAddress();
        var nobody = await Assert.ThrowsAsync<TransportException>(() => LinkSocket.ConnectAsync(address, Cancellation));
        Assert.Matches($"^connect {address}: {NobodyThere}$", nobody.Message);
        using var listener = LinkSocket.Listen(address);
        Assert.Matches("EADDRINUSE|listens on .* already", Assert.ThrowsAny<IOException>(() => LinkSocket.Listen(address)).Message);
    }

    private static async Task<byte[]> ReceiveAllAsync(Socket socket)
    {
        using var all = new MemoryStream();
        var buffer = new byte[4093];
        while (await socket.ReceiveAsync(buffer, Cancellation) is > 0 and var read)
        {
            all.Write(buffer, 0, read);
        }
        return all.ToArray();
    }
}
