using KeyMeld.Gateway.Storage;
using KeyMeld.Protocol.Errors;

namespace KeyMeld.Gateway.Telemetry;

/// <summary>
/// Whether the database takes changes. Every write says it; where there was none for a while one row is written, and while the last one failed again and again until one does not. Who asks for health
/// writes nothing.
/// </summary>
internal sealed class WriteWatch : IAsyncDisposable
{
    private static readonly TimeSpan Pace = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan RetryPace = TimeSpan.FromSeconds(1);

    // A write that neither ends nor fails for so long is one that is not taken.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);

    private readonly IProbeStore _store;
    private readonly WriteRecord _record;
    private readonly TimeProvider _time;
    private readonly CancellationTokenSource _stopping = new();
    private readonly SemaphoreSlim _failed = new(0);
    private Task _loop = Task.CompletedTask;

    public WriteWatch(IProbeStore store, WriteRecord record, TimeProvider time)
    {
        (_store, _record, _time) = (store, record, time);
        record.Failed += WakeUp;
    }

    /// <summary>Why the database takes no changes; null while it does.</summary>
    public string? Trouble => _record.Failure is { } failure ? $"The last change was not taken: {failure}"
        : _record.Age > Patience ? $"No change was taken for {_record.Age.TotalSeconds:0} seconds." : null;

    public void Start() => _loop = RunAsync();

    /// <summary>Writes, unless something was written lately.</summary>
    public async Task LookAsync()
    {
        if (_record.Failure is null && _record.Age < Pace)
        {
            return;
        }
        try
        {
            await _store.WriteAsync();
        }
        catch (KeyMeldException exception) when (exception.Code is ErrorCodes.StorageFailed or ErrorCodes.Unavailable)
        {
            // The record has it.
        }
    }

    public async ValueTask DisposeAsync()
    {
        _record.Failed -= WakeUp;
        await _stopping.CancelAsync();
        await _loop;
        _stopping.Dispose();
    }

    private void WakeUp() => _failed.Release();

    private async Task RunAsync()
    {
        while (!_stopping.IsCancellationRequested)
        {
            await LookAsync();
            using var over = CancellationTokenSource.CreateLinkedTokenSource(_stopping.Token);
            await Task.WhenAny(_failed.WaitAsync(over.Token), Task.Delay(_record.Failure is null ? Pace : RetryPace, _time, over.Token));
            await over.CancelAsync();
        }
    }
}
