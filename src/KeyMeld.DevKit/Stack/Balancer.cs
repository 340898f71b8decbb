using System.Net;
using System.Net.Sockets;

namespace KeyMeld.DevKit.Stack;

/// <summary>What stands before several gateways: connections go to one after the other of those that answer. A gateway that dies takes its connections with it.</summary>
public sealed class Balancer : IAsyncDisposable
{
    private readonly TcpListener _listener;
    private readonly Uri[] _gateways;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _accepting;
    private int _next;

    /// <param name="port">On 127.0.0.1, where callers come.</param>
    /// <param name="gateways">Where connections go.</param>
    /// <exception cref="SocketException">The port is somebody's.</exception>
    public Balancer(int port, params Uri[] gateways)
    {
        _gateways = gateways;
        _listener = new TcpListener(IPAddress.Loopback, port);
        _listener.Start();
        _accepting = AcceptAsync();
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Dispose();
        await _accepting;
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        while (true)
        {
            try
            {
                _ = CarryAsync(await _listener.AcceptTcpClientAsync(_stop.Token));
            }
            catch (SocketException) when (!_stop.IsCancellationRequested)
            {
                // One caller less; others still come.
                await Task.Yield();
            }
            catch (Exception exception) when (exception is OperationCanceledException or ObjectDisposedException or SocketException)
            {
                return;
            }
        }
    }

    private async Task CarryAsync(TcpClient caller)
    {
        using (caller)
        {
            for (var tries = 0; tries < _gateways.Length; tries++)
            {
                var gateway = _gateways[Interlocked.Increment(ref _next) % _gateways.Length];
                using var behind = new TcpClient { NoDelay = true };
                try
                {
                    await behind.ConnectAsync(gateway.Host, gateway.Port, _stop.Token);
                }
                catch (SocketException)
                {
                    continue;
                }
                var (there, back) = (caller.GetStream(), behind.GetStream());
                await Task.WhenAny(there.CopyToAsync(back, _stop.Token), back.CopyToAsync(there, _stop.Token));
                return;
            }
        }
    }
}
