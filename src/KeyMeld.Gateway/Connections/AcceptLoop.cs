using System.Collections.Concurrent;
using System.Net.Sockets;

namespace KeyMeld.Gateway.Connections;

/// <summary>What an <see cref="AcceptLoop"/> does with the connections it takes.</summary>
/// <param name="Most">How many may be open at once.</param>
/// <param name="Admits">Looks at a connection before it counts as open, and says why where it refuses.</param>
/// <param name="ServeAsync">Serves one until it ends or the loop stops, and handles what goes wrong with it. The loop disposes of the connection.</param>
/// <param name="Full">Told of a connection that is refused because too many are open.</param>
/// <param name="Broken">Told, with the system's words, that a connection could not be taken.</param>
internal sealed record AcceptRules(int Most, Func<Socket, bool> Admits, Func<Socket, CancellationToken, Task> ServeAsync, Action Full, Action<string> Broken);

/// <summary>Takes a listener's connections, each served beside the others, until it is disposed of; then all of them end.</summary>
internal sealed class AcceptLoop : IAsyncDisposable
{
    private readonly Socket _listener;
    private readonly AcceptRules _rules;
    private readonly TimeProvider _time;
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentDictionary<Task, byte> _connections = new();
    private readonly Task _accepting;
    private int _open;

    /// <param name="listener">Listens already; the loop disposes of it.</param>
    /// <param name="rules">What to do.</param>
    /// <param name="time">For the pause after a connection that could not be taken.</param>
    public AcceptLoop(Socket listener, AcceptRules rules, TimeProvider time)
    {
        (_listener, _rules, _time) = (listener, rules, time);
        _accepting = AcceptAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (_stop.IsCancellationRequested)
        {
            return;
        }
        await _stop.CancelAsync();
        _listener.Dispose();
        await _accepting;
        await Task.WhenAll(_connections.Keys);
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                Take(await _listener.AcceptAsync(_stop.Token));
            }
            catch (Exception exception) when (exception is OperationCanceledException or ObjectDisposedException)
            {
                return;
            }
            catch (SocketException exception)
            {
                // One connection broke before it was taken, or this process is out of descriptors for the moment.
                _rules.Broken(exception.Message);
                await Task.Delay(TimeSpan.FromMilliseconds(10), _time);
            }
        }
    }

    private void Take(Socket connection)
    {
        if (!_rules.Admits(connection))
        {
            connection.Dispose();
        }
        else if (Interlocked.Increment(ref _open) > _rules.Most)
        {
            Interlocked.Decrement(ref _open);
            _rules.Full();
            connection.Dispose();
        }
        else
        {
            var serving = Task.Run(() => ServeAsync(connection));
            _connections.TryAdd(serving, 0);
            _ = serving.ContinueWith(ended => _connections.TryRemove(ended, out _), CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        }
    }

    private async Task ServeAsync(Socket connection)
    {
        try
        {
            await _rules.ServeAsync(connection, _stop.Token);
        }
        finally
        {
            connection.Dispose();
            Interlocked.Decrement(ref _open);
        }
    }
}
