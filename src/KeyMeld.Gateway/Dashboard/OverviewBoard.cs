using System.Collections.Immutable;
using KeyMeld.Gateway.Dashboard.Sections;
using KeyMeld.Protocol.Errors;

namespace KeyMeld.Gateway.Dashboard;

/// <summary>The newest overview, put together at most once a second however many look, and never while nobody does.</summary>
internal sealed class OverviewBoard(GatewayParts parts) : IDisposable
{
    /// <summary>How old an overview may be, and how long changes are collected before they are told.</summary>
    public static readonly TimeSpan Pace = TimeSpan.FromSeconds(1);

    // What failed longer ago is nobody's task any more.
    private static readonly long Lately = (long)TimeSpan.FromDays(1).TotalMilliseconds;

    private readonly SemaphoreSlim _one = new(1);
    private readonly SigningsSection _signings = new(parts);
    private readonly GatewaySection _gateway = new(parts);
    private SigningsJson _inFlight = new(0, 0, Storage.OverviewCounts.CountedTo, []);
    private GroupsJson _joining = new(0, Storage.OverviewCounts.CountedTo, []);
    private ImmutableArray<Storage.StoredFailure> _failed = [];
    private OverviewSnapshot? _newest;
    private long _made;

    /// <summary>The overview, at most a second old.</summary>
    public async Task<OverviewSnapshot> ReadAsync(CancellationToken cancellationToken)
    {
        await _one.WaitAsync(cancellationToken);
        try
        {
            if (_newest is null || parts.Time.GetElapsedTime(_made) >= Pace)
            {
                _newest = await MakeAsync();
                _made = parts.Time.GetTimestamp();
            }
            return _newest;
        }
        finally
        {
            _one.Release();
        }
    }

    /// <summary>Waits until something is different.</summary>
    public async Task<(OverviewSnapshot Snapshot, byte[] Changes)> ChangeAsync(OverviewSnapshot before, CancellationToken cancellationToken)
    {
        while (true)
        {
            await Task.Delay(Pace, parts.Time, cancellationToken);
            var now = await ReadAsync(cancellationToken);
            if (now.ChangesSince(before) is { } changes)
            {
                return (now, changes);
            }
        }
    }

    public void Dispose() => _one.Dispose();

    private async Task<OverviewSnapshot> MakeAsync()
    {
        parts.Attested.Look();
        var enclaves = EnclavesSection.Read(parts);
        var hasDatabase = await ReadDatabaseAsync();
        return new OverviewSnapshot(new OverviewJson(
            parts.NowMs,
            await _gateway.ReadAsync(enclaves, hasDatabase),
            enclaves,
            _inFlight,
            _joining,
            LastHourSection.Read(parts.Telemetry.LastHour),
            FailuresSection.Read(parts.Telemetry.Failures, _failed)));
    }

    // An operator looks because something is the matter: a database that is away is shown as that, and everything else as ever.
    private async Task<bool> ReadDatabaseAsync()
    {
        try
        {
            (_inFlight, _joining) = (await _signings.ReadAsync(), await GroupsSection.ReadAsync(parts));
            await parts.Backups.LookAsync();
            _failed = await parts.OverviewStore.FailedAsync(parts.NowMs - Lately, FailuresSection.Shown);
            return true;
        }
        catch (KeyMeldException exception) when (exception.Code == ErrorCodes.StorageFailed)
        {
            return false;
        }
    }
}
