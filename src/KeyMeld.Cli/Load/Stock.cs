using System.Threading.Channels;

namespace KeyMeld.Cli.Load;

/// <summary>
/// Keeps signings ready to be asked for, while others are: whoever takes one finds the enclaves verified, the content sealed and the request signed, as a client does that has more than one to
/// make. That work is done on the same machine, at the same time, and counts in its processor time.
/// </summary>
internal sealed class ShotStock : IAsyncDisposable
{
    private readonly Channel<(LoadShot Shot, long Made)> _ready;
    private readonly Func<CancellationToken, Task<IReadOnlyList<LoadShot>>> _prepare;
    private readonly TimeProvider _time;
    private readonly TimeSpan _fresh;
    private readonly CancellationTokenSource _stopping = new();
    private readonly Task _loop;

    /// <param name="capacity">How many are kept ready at most.</param>
    /// <param name="fresh">After how long one is thrown away unused.</param>
    /// <param name="prepare">Makes some.</param>
    /// <param name="time">The clock.</param>
    public ShotStock(int capacity, TimeSpan fresh, Func<CancellationToken, Task<IReadOnlyList<LoadShot>>> prepare, TimeProvider time)
    {
        (_prepare, _time, _fresh) = (prepare, time, fresh);
        _ready = Channel.CreateBounded<(LoadShot, long)>(capacity);
        _loop = Task.Run(FillAsync);
    }

    /// <summary>The next one; waits where none is ready.</summary>
    /// <exception cref="Protocol.Errors.KeyMeldException">They could not be made.</exception>
    public async ValueTask<LoadShot> TakeAsync(CancellationToken cancellationToken)
    {
        try
        {
            while (true)
            {
                var (shot, made) = await _ready.Reader.ReadAsync(cancellationToken);
                if (_time.GetElapsedTime(made) < _fresh)
                {
                    return shot;
                }
            }
        }
        catch (ChannelClosedException closed) when (closed.InnerException is { } reason)
        {
            System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(reason);
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _loop;
        _stopping.Dispose();
    }

    private async Task FillAsync()
    {
        try
        {
            while (true)
            {
                foreach (var shot in await _prepare(_stopping.Token))
                {
                    await _ready.Writer.WriteAsync((shot, _time.GetTimestamp()), _stopping.Token);
                }
            }
        }
        catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
        {
            _ready.Writer.TryComplete();
        }
        catch (Exception exception)
        {
            _ready.Writer.TryComplete(exception);
        }
    }
}
