using KeyMeld.Protocol.Ids;

namespace KeyMeld.Gateway.Operations;

/// <summary>
/// Work on objects, one at a time for each: a nudge that comes while it runs makes it run once more afterwards, so that nothing that happened in between is missed.
/// </summary>
internal sealed class KeyedWork(Func<Hash32, CancellationToken, Task> work, Action<Hash32, Exception> failed) : IAsyncDisposable
{
    private readonly CancellationTokenSource _stopping = new();
    private readonly Lock _gate = new();
    private readonly Dictionary<Hash32, bool> _again = [];
    private TaskCompletionSource? _idle;

    public void Nudge(Hash32 id)
    {
        lock (_gate)
        {
            if (_stopping.IsCancellationRequested)
            {
                return;
            }
            if (!_again.TryAdd(id, false))
            {
                _again[id] = true;
                return;
            }
        }
        _ = Task.Run(() => RunAsync(id));
    }

    public async ValueTask DisposeAsync()
    {
        Task idle;
        lock (_gate)
        {
            _stopping.Cancel();
            _idle = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            idle = _again.Count == 0 ? Task.CompletedTask : _idle.Task;
        }
        await idle;
        _stopping.Dispose();
    }

    private async Task RunAsync(Hash32 id)
    {
        do
        {
            try
            {
                await work(id, _stopping.Token);
            }
            catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
            {
            }
            catch (Exception exception)
            {
                failed(id, exception);
            }
        }
        while (RunsAgain(id));
    }

    private bool RunsAgain(Hash32 id)
    {
        lock (_gate)
        {
            if (_again[id] && !_stopping.IsCancellationRequested)
            {
                _again[id] = false;
                return true;
            }
            _again.Remove(id);
            if (_again.Count == 0)
            {
                _idle?.TrySetResult();
            }
            return false;
        }
    }
}
