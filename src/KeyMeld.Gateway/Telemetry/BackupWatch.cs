using KeyMeld.Gateway.Storage;
using KeyMeld.Protocol.Errors;

namespace KeyMeld.Gateway.Telemetry;

/// <summary>
/// How old the newest backup is: read from the database now and then, and whenever somebody asks for metrics. Where the database does not answer, the backup known so far gets older.
/// </summary>
internal sealed class BackupWatch(IOverviewStore store, TimeProvider time) : IAsyncDisposable
{
    private static readonly TimeSpan Pace = TimeSpan.FromMinutes(1);

    private readonly CancellationTokenSource _stopping = new();
    private volatile BackupFacts? _facts;
    private Task _loop = Task.CompletedTask;

    /// <summary>Null until the database answered once.</summary>
    public BackupFacts? Facts => _facts;

    /// <summary>Since the newest backup; where there was none, since the database was made. Null until the database answered once.</summary>
    public TimeSpan? Age => _facts is { } facts ? TimeSpan.FromMilliseconds(Math.Max(0, time.GetUtcNow().ToUnixTimeMilliseconds() - (facts.Last ?? facts.Made))) : null;

    public void Start() => _loop = RunAsync();

    public async Task LookAsync()
    {
        try
        {
            _facts = await store.BackupAsync();
        }
        catch (KeyMeldException exception) when (exception.Code is ErrorCodes.StorageFailed or ErrorCodes.Unavailable)
        {
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _loop;
        _stopping.Dispose();
    }

    private async Task RunAsync()
    {
        try
        {
            while (true)
            {
                await LookAsync();
                await Task.Delay(Pace, time, _stopping.Token);
            }
        }
        catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
        {
        }
    }
}
