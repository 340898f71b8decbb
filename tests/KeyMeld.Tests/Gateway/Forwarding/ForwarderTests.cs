using System.Net;
using System.Net.Sockets;
using KeyMeld.Gateway.Forwarding;
using KeyMeld.Protocol.Errors;
using KeyMeld.Wire.Transport;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace KeyMeld.Tests.Gateway.Forwarding;

public sealed class ForwarderTests : IAsyncDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("keymeld-forward-").FullName;
    private readonly TcpListener _target = new(IPAddress.Loopback, 0);
    private readonly FakeTimeProvider _time = new();
    private Forwarder? _forwarder;

    public ForwarderTests() => _target.Start();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private EnclaveAddress Address => EnclaveAddress.Parse($"unix:{_folder}/kms.sock");

    [Fact]
    public async Task Both_directions_are_carried_and_each_ends_by_itself()
    {
        await StartAsync();
        using var enclave = await LinkSocket.ConnectAsync(Address, Cancellation);
        using var kms = await _target.AcceptSocketAsync(Cancellation);
        var question = new byte[300_000];
        Random.Shared.NextBytes(question);
        var sending = SendAllAsync(enclave, question);
        Assert.Equal(question, await ReceiveAllAsync(kms));
        await sending;

        var answer = new byte[200_000];
        Random.Shared.NextBytes(answer);
        sending = SendAllAsync(kms, answer);
        Assert.Equal(answer, await ReceiveAllAsync(enclave));
        await sending;
    }

    [Fact]
    public async Task N05_a_connection_that_carries_nothing_is_ended_after_its_time_and_one_that_carries_something_is_not()
    {
        await StartAsync(settings => settings with { Idle = TimeSpan.FromSeconds(60) });
        using var enclave = await LinkSocket.ConnectAsync(Address, Cancellation);
        using var kms = await _target.AcceptSocketAsync(Cancellation);
        for (var i = 0; i < 3; i++)
        {
            await EchoAsync(enclave, kms);
            _time.Advance(TimeSpan.FromSeconds(59));
        }
        await EchoAsync(enclave, kms);
        _time.Advance(TimeSpan.FromSeconds(61));
        Assert.True(await IsEndedAsync(enclave));
        Assert.True(await IsEndedAsync(kms));
    }

    [Fact]
    public async Task N05_a_connection_carries_no_more_than_its_bytes()
    {
        await StartAsync(settings => settings with { BytesPerConnection = 100_000 });
        using var enclave = await LinkSocket.ConnectAsync(Address, Cancellation);
        using var kms = await _target.AcceptSocketAsync(Cancellation);
        await SendAsync(enclave, new byte[90_000]);
        await SendAsync(kms, new byte[11_000]);
        var received = 0;
        var buffer = new byte[20_000];
        try
        {
            while (await kms.ReceiveAsync(buffer, Cancellation) is > 0 and var read)
            {
                received += read;
            }
        }
        catch (SocketException)
        {
            // The forwarder closed with bytes of this side unread.
        }
        Assert.InRange(received, 0, 100_000);
        Assert.True(await IsEndedAsync(enclave));
    }

    [Fact]
    public async Task N05_more_connections_than_allowed_are_closed_and_the_first_go_on()
    {
        await StartAsync(settings => settings with { Connections = 2 });
        using var first = await LinkSocket.ConnectAsync(Address, Cancellation);
        using var firstKms = await _target.AcceptSocketAsync(Cancellation);
        using var second = await LinkSocket.ConnectAsync(Address, Cancellation);
        using var secondKms = await _target.AcceptSocketAsync(Cancellation);
        using (var third = await LinkSocket.ConnectAsync(Address, Cancellation))
        {
            Assert.True(await IsEndedAsync(third));
        }
        await EchoAsync(first, firstKms);
        await EchoAsync(second, secondKms);
        Assert.False(_target.Pending());

        first.Dispose();
        Assert.True(await IsEndedAsync(firstKms));
        firstKms.Dispose();
        // The place is free as soon as the relay has seen both ends.
        var accepted = _target.AcceptSocketAsync(Cancellation).AsTask();
        for (var tries = 0; !accepted.IsCompleted; tries++)
        {
            using var next = await LinkSocket.ConnectAsync(Address, Cancellation);
            await Task.WhenAny(accepted, IsEndedAsync(next));
            Assert.True(tries < 1000);
            if (accepted.IsCompleted)
            {
                using var kms = await accepted;
                // What was read so far was nothing: the reader above takes the first bytes.
                await next.SendAsync("ping"u8.ToArray(), Cancellation);
                Assert.Equal(4, await kms.ReceiveAsync(new byte[4], Cancellation));
            }
        }
    }

    [Fact]
    public async Task An_unreachable_target_ends_the_connection_and_the_next_one_is_tried_again()
    {
        await StartAsync();
        var place = (IPEndPoint)_target.LocalEndpoint;
        _target.Stop();
        using (var enclave = await LinkSocket.ConnectAsync(Address, Cancellation))
        {
            Assert.True(await IsEndedAsync(enclave));
        }
        using var again = new TcpListener(place);
        again.Start();
        using var second = await LinkSocket.ConnectAsync(Address, Cancellation);
        using var kms = await again.AcceptSocketAsync(Cancellation);
        await EchoAsync(second, kms);
    }

    [Fact]
    public async Task Stopping_ends_every_connection()
    {
        await StartAsync();
        using var enclave = await LinkSocket.ConnectAsync(Address, Cancellation);
        using var kms = await _target.AcceptSocketAsync(Cancellation);
        await EchoAsync(enclave, kms);
        await _forwarder!.StopAsync(Cancellation);
        Assert.True(await IsEndedAsync(enclave));
        Assert.True(await IsEndedAsync(kms));
        await Assert.ThrowsAsync<TransportException>(() => LinkSocket.ConnectAsync(Address, Cancellation));
    }

    [Fact]
    public async Task N06_its_socket_is_its_owners_and_a_place_that_is_taken_is_a_configuration_error()
    {
        await StartAsync();
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode($"{_folder}/kms.sock"));
        await using var second = new Forwarder(Settings, _time, NullLogger<Forwarder>.Instance);
        var refusal = await Assert.ThrowsAsync<KeyMeldException>(() => second.StartAsync(Cancellation));
        Assert.Equal(ErrorCodes.ConfigurationInvalid, refusal.Code);
        Assert.StartsWith("forwarder.listen: Another process listens", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Arguments_of_the_program_of_its_own_are_read()
    {
        var settings = Parse("--listen vsock:any:8000 --target kms.us-west-2.amazonaws.com:443 --cid 16 --cid 17", out var errors)!;
        Assert.Empty(errors);
        Assert.Equal(("vsock:any:8000", "kms.us-west-2.amazonaws.com:443"), (settings.Listen.ToString(), settings.Target.ToString()));
        Assert.Equal([16u, 17u], settings.Cids);
        Assert.NotNull(Parse($"--listen unix:/tmp/a --target [::1]:443", out _));
    }

    [Theory]
    [InlineData("--listen vsock:any:8000 --target kms:443", "--cid is needed")]
    [InlineData("--listen vsock:any:8000 --cid 16", "--listen and --target are needed")]
    [InlineData("--listen unix:/a --target kms", "--target kms: is no argument")]
    [InlineData("--listen unix:/a --target kms:0", "--target kms:0")]
    [InlineData("--listen unix:/a --target kms:65536", "--target kms:65536")]
    [InlineData("--listen unix:/a --target a/b:443", "--target a/b:443")]
    [InlineData("--listen unix:/a --target kms:443 --target other:443", "--target other:443")]
    [InlineData("--listen tcp:80 --target kms:443", "--listen tcp:80")]
    [InlineData("--listen unix:/a --target kms:443 --cid 4294967295", "--cid 4294967295")]
    [InlineData("--listen unix:/a --target kms:443 --all", "--all")]
    public void Wrong_arguments_are_named(string line, string complaint)
    {
        Assert.Null(Parse(line, out var errors));
        Assert.Contains(errors, error => error.Contains(complaint, StringComparison.Ordinal));
    }

    public async ValueTask DisposeAsync()
    {
        if (_forwarder is not null)
        {
            await _forwarder.DisposeAsync();
        }
        _target.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private ForwarderSettings Settings => new(Address, new ForwarderTarget("127.0.0.1", ((IPEndPoint)_target.LocalEndpoint).Port), []);

    private async Task StartAsync(Func<ForwarderSettings, ForwarderSettings>? change = null)
    {
        _forwarder = new Forwarder(change?.Invoke(Settings) ?? Settings, _time, NullLogger<Forwarder>.Instance);
        await _forwarder.StartAsync(Cancellation);
    }

    private static ForwarderSettings? Parse(string line, out List<string> errors) => ForwardArguments.Parse(line.Split(' '), errors = []);

    private static async Task EchoAsync(Socket one, Socket other)
    {
        var buffer = new byte[4];
        foreach (var (from, to) in new[] { (one, other), (other, one) })
        {
            await from.SendAsync("ping"u8.ToArray(), Cancellation);
            Assert.Equal(4, await to.ReceiveAsync(buffer, Cancellation));
        }
    }

    private static async Task SendAsync(Socket socket, byte[] bytes)
    {
        for (var rest = bytes.AsMemory(); rest.Length > 0;)
        {
            rest = rest[await socket.SendAsync(rest, Cancellation)..];
        }
    }

    private static async Task SendAllAsync(Socket socket, byte[] bytes)
    {
        await SendAsync(socket, bytes);
        socket.Shutdown(SocketShutdown.Send);
    }

    private static async Task<byte[]> ReceiveAllAsync(Socket socket)
    {
        using var all = new MemoryStream();
        var buffer = new byte[20_000];
        while (await socket.ReceiveAsync(buffer, Cancellation) is > 0 and var read)
        {
            all.Write(buffer, 0, read);
        }
        return all.ToArray();
    }

    // Whatever was on its way is read first.
    private static async Task<bool> IsEndedAsync(Socket socket)
    {
        var buffer = new byte[20_000];
        try
        {
            while (await socket.ReceiveAsync(buffer, Cancellation) > 0)
            {
            }
        }
        catch (SocketException)
        {
            // Reset: as ended as can be.
        }
        return true;
    }
}
