using System.Net.Sockets;
using KeyMeld.DevKit.Nsm.Sockets;

namespace KeyMeld.Tests.Crashes;

/// <summary>Stands between gateway and enclave; every piece that crosses, in either direction, is a step before and after which somebody may die.</summary>
internal sealed class StepRelay : IAsyncDisposable
{
    private readonly Socket _listener;
    private readonly string _enclave;
    private readonly Func<string, Task> _step;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _accepting;

    public StepRelay(string path, string enclave, Func<string, Task> step)
    {
        (_enclave, _step) = (enclave, step);
        _listener = PrivateSocket.Listen(path);
        _accepting = AcceptAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Dispose();
        await _accepting;
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        var connections = new List<Task>();
        try
        {
            while (true)
            {
                connections.Add(ServeAsync(await _listener.AcceptAsync(_stop.Token)));
            }
        }
        catch (Exception exception) when (exception is OperationCanceledException or SocketException or ObjectDisposedException)
        {
        }
        await Task.WhenAll(connections);
    }

    private async Task ServeAsync(Socket gateway)
    {
        using (gateway)
        using (var enclave = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified))
        {
            try
            {
                await enclave.ConnectAsync(new UnixDomainSocketEndPoint(_enclave), _stop.Token);
                // Whoever ends first ends both, as when the one process is gone.
                await await Task.WhenAny(CopyAsync(gateway, enclave, "to the enclave"), CopyAsync(enclave, gateway, "to the gateway"));
            }
            catch (Exception exception) when (exception is SocketException or OperationCanceledException)
            {
            }
        }
    }

    private async Task CopyAsync(Socket from, Socket to, string direction)
    {
        var buffer = new byte[64 * 1024];
        while (await from.ReceiveAsync(buffer, _stop.Token) is > 0 and var read)
        {
            await _step($"{direction}, {read} bytes, arrived");
            await to.SendAsync(buffer.AsMemory(0, read), _stop.Token);
            await _step($"{direction}, {read} bytes, passed on");
        }
    }
}
