using System.Threading.Channels;
using KeyMeld.Protocol.Errors;

namespace KeyMeld.Cli.Load;

/// <summary>
/// Keeps signings ready to be asked for, while others are: whoever takes one finds the enclaves verified, the content sealed and the request signed, as a client does that has more than one to
/// make. That work is done on the same machine, at the same time, and counts in its processor time.
/// </summary>
internal sealed class Stock<T> : IAsyncDisposable
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);

    private readonly Channel<(T One, long Made)> _ready;
    private readonly Func<CancellationToken, Task<IReadOnlyList<T>>> _prepare;
    private readonly TimeProvider _time;
    private readonly TimeSpan _fresh;
    private readonly CancellationTokenSource _stopping = new();
    private readonly Task _loop;

    /// <param name="capacity">How many are kept ready at most.</param>
    /// <param name="fresh">After how long one is thrown away unused.</param>
    /// <param name="prepare">Makes some.</param>
    /// <param name="time">The clock.</param>
    public Stock(int capacity, TimeSpan fresh, Func<CancellationToken, Task<IReadOnlyList<T>>> prepare, TimeProvider time)
    {
        (_prepare, _time, _fresh) = (prepare, time, fresh);
        _ready = Channel.CreateBounded<(T, long)>(capacity);
        _loop = Task.Run(FillAsync);
    }

    /// <summary>The next one; waits where none is ready.</summary>
    /// <exception cref="KeyMeldException">They could not be made.</exception>
    public async ValueTask<T> TakeAsync(CancellationToken cancellationToken)
    {
        try
        {
            while (true)
            {
                var (one, made) = await _ready.Reader.ReadAsync(cancellationToken);
                if (_time.GetElapsedTime(made) < _fresh)
                {
                    return one;
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

    // Where gateway or enclaves are away for a while, so is the stock: whoever waits for one waits longer.
    private async Task<IReadOnlyList<T>> PrepareAsync()
    {
        while (true)
        {
            try
            {
                return await _prepare(_stopping.Token);
            }
            catch (KeyMeldException error) when (ErrorCodes.Get(error.Code).Retryable)
            {
                await Task.Delay(Pause, _time, _stopping.Token);
            }
        }
    }

    private async Task FillAsync()
    {
        try
        {
            while (true)
            {
                foreach (var one in await PrepareAsync())
                {
                    await _ready.Writer.WriteAsync((one, _time.GetTimestamp()), _stopping.Token);
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
