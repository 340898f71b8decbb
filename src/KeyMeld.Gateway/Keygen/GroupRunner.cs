using KeyMeld.Gateway.Fleet;
using KeyMeld.Gateway.Http;
using KeyMeld.Gateway.Operations;
using KeyMeld.Gateway.Signing;
using KeyMeld.Gateway.Storage;
using KeyMeld.Gateway.Telemetry;
using KeyMeld.Protocol.Errors;
using KeyMeld.Protocol.Ids;

namespace KeyMeld.Gateway.Keygen;

/// <summary>What a group's watchers are told.</summary>
internal sealed record GroupNews(GroupState State, StoredError? Error);

/// <summary>Everything that happens to groups by itself: forming once all have joined, expiring when <c>join_by</c> is over, and both after a restart.</summary>
internal sealed partial class GroupRunner : IAsyncDisposable
{
    private readonly IGroupStore _store;
    private readonly GroupBook _book;
    private readonly EnclaveFleet _fleet;
    private readonly Announcements<GroupNews> _announcements;
    private readonly GatewayTelemetry _telemetry;
    private readonly TimeProvider _time;
    private readonly ILogger<GroupRunner> _logger;
    private readonly Deadlines _deadlines;
    private readonly KeyedWork _work;
    private readonly Leases _leases;
    private readonly ITimer _sweeps;
    private readonly KeyedWork _sweep;

    public GroupRunner(IGroupStore store, GroupBook book, EnclaveFleet fleet, Announcements<GroupNews> announcements, Leases leases, GatewayTelemetry telemetry, TimeProvider time, ILogger<GroupRunner> logger)
    {
        (_store, _book, _fleet, _announcements, _leases, _telemetry, _time, _logger) = (store, book, fleet, announcements, leases, telemetry, time, logger);
        _work = new KeyedWork(AdvanceAsync, LogStuck);
        _deadlines = new Deadlines(time, _work.Nudge);
        _sweep = new KeyedWork((_, _) => SweepAsync(), (_, exception) => LogNotSwept(exception.Message));
        _sweeps = time.CreateTimer(_ => Sweep(), null, leases.Renewal, leases.Renewal);
    }

    /// <summary>Takes up what the database has unfinished.</summary>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        foreach (var group in await Persistence.PersistAsync(() => _store.UnfinishedAsync().AsTask(), _time, cancellationToken))
        {
            _work.Nudge(group);
        }
    }

    /// <summary>
    /// Looks for groups whose gateway died over them: complete for as long as a lease lasts and not formed, or not closed at the end of their time. Forming is the same whoever does it, even at
    /// once: enclaves answer alike, and the database takes one.
    /// </summary>
    public void Sweep() => _sweep.Nudge(default);

    /// <summary>The group is new, or somebody joined it.</summary>
    public void Changed(Hash32 group)
    {
        Announce(group, GroupState.Joining);
        _work.Nudge(group);
    }

    /// <summary>The group is in another state in the database: what is kept of it is read again, and its watchers hear of it.</summary>
    public void Announce(Hash32 group, GroupState state, StoredError? error = null)
    {
        _book.Forget(group);
        _announcements.Announce(group, new GroupNews(state, error));
    }

    public async ValueTask DisposeAsync()
    {
        await _sweeps.DisposeAsync();
        await _sweep.DisposeAsync();
        _deadlines.Dispose();
        await _work.DisposeAsync();
    }

    private async Task SweepAsync()
    {
        foreach (var group in await _store.AbandonedAsync(_time.GetUtcNow().ToUnixTimeMilliseconds(), _leases.Length))
        {
            _work.Nudge(group);
        }
    }

    private async Task AdvanceAsync(Hash32 hash, CancellationToken cancellationToken)
    {
        if (await _book.FindAsync(hash) is not { State: GroupState.Joining } group)
        {
            return;
        }
        if (group.IsComplete)
        {
            // A gateway that lacks an enclave leaves it to those that have all.
            if (!_leases.AreShared || group.Manifest.Value.Enclaves.All(enclave => _fleet.Find((uint)enclave.Id) is not null))
            {
                await FormAsync(group, cancellationToken);
            }
            return;
        }
        if (group.Manifest.Value.JoinBy is { } joinBy)
        {
            if (joinBy >= _time.GetUtcNow().ToUnixTimeMilliseconds())
            {
                _deadlines.Set(hash, joinBy);
                return;
            }
            await CloseAsync(hash, GroupState.Expired, new StoredError(ErrorCodes.JoinClosed, "The time to join ended before everybody had joined."), cancellationToken);
        }
    }

    private async Task FormAsync(GroupView group, CancellationToken cancellationToken)
    {
        try
        {
            var run = new FormingRun(group, _fleet, _time);
            var receipts = await run.RunAsync(cancellationToken);
            if (await Persistence.PersistAsync(() => _store.FormAsync(group.Hash, run.Roster, receipts), _time, cancellationToken))
            {
                _telemetry.GroupEnded(group.Hash, GroupState.Formed, null);
                Announce(group.Hash, GroupState.Formed);
            }
        }
        catch (KeyMeldException exception) when (exception.Code != ErrorCodes.StorageFailed)
        {
            await CloseAsync(group.Hash, GroupState.Failed, new StoredError(exception.Code, exception.Message), cancellationToken);
        }
    }

    private async Task CloseAsync(Hash32 group, GroupState state, StoredError error, CancellationToken cancellationToken)
    {
        if (await Persistence.PersistAsync(() => _store.CloseAsync(group, state, error), _time, cancellationToken))
        {
            _telemetry.GroupEnded(group, state, error);
            Announce(group, state, error);
        }
    }

    [LoggerMessage(EventId = 301, EventName = "group_stuck", Level = LogLevel.Error, Message = "Group {Group} could not be taken further; it is tried again later")]
    private partial void LogStuck(Hash32 group, Exception exception);

    [LoggerMessage(EventId = 302, EventName = "groups_not_swept", Level = LogLevel.Warning, Message = "Groups that were left behind could not be looked for; the next time tries again: {Reason}")]
    private partial void LogNotSwept(string reason);
}
