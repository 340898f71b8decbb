using KeyMeld.Gateway.Operations;
using KeyMeld.Gateway.Storage;
using KeyMeld.Gateway.Telemetry;
using KeyMeld.Protocol.Errors;
using KeyMeld.Protocol.Ids;
using KeyMeld.Protocol.Statements;

namespace KeyMeld.Gateway.Signing;

/// <summary>
/// Leases: this gateway keeps those of what it drives, and takes up what nobody drives any more. An attempt that was reserved counts as used, whoever reserved it; so two gateways that both
/// believe they drive a signing never use one attempt in two ways: the database gives each number to one of them, and the enclaves hold them to it.
/// </summary>
internal sealed partial class SigningRunner
{
    private readonly KeyedWork _sweep;
    private HashSet<Hash32> _undriven = [];

    /// <summary>Looks now, without waiting for the next time. Who comes while one looks is served by a look that begins afterwards: what was released meanwhile may not have been there for this one.</summary>
    public void Sweep() => _sweep.Nudge(default);

    private async Task SweepAsync()
    {
        try
        {
            await KeepAsync();
            foreach (var signing in await _store.AbandonedAsync(_time.GetUtcNow().ToUnixTimeMilliseconds()))
            {
                await (signing.State == SigningState.Waiting ? ExpireAsync(signing.Request) : ResumeAsync(signing.Request));
            }
        }
        catch (KeyMeldException exception) when (exception.Code == ErrorCodes.StorageFailed)
        {
            LogNotSwept(exception.Message);
        }
    }

    private async Task KeepAsync()
    {
        var driven = _runs.ToArray();
        var held = (await _store.RenewAsync(NewLease())).ToHashSet();
        foreach (var (request, run) in driven)
        {
            if (!held.Contains(request))
            {
                // This process stood still for longer than its lease, and another gateway took over.
                run.Lose();
            }
        }
        // What is held and not driven got stuck when the database was away. One that is only about to begin is not: it is driven by the next time.
        held.ExceptWith(_runs.Keys);
        var again = held.Where(_undriven.Contains).ToList();
        _undriven = held;
        foreach (var request in again)
        {
            await ResumeAsync(request);
        }
    }

    private async Task ResumeAsync(Hash32 request)
    {
        if (_runs.ContainsKey(request) || await _store.FindAsync(request) is not { State: SigningState.Running } record || await _groups.FindAsync(record.Group) is not { } group)
        {
            return;
        }
        var value = SigningRequest.Parse(record.Statement.Statement);
        var job = new SigningJob(group, request, value, record.Statement, record.Items, record.Approvals);
        if (!_leases.AreShared || job.Nodes.All(node => _fleet.Find(job.NumberOf(node)) is not null))
        {
            // Before anything is asked of an enclave: it may be in the hands of another gateway by now.
            if (await _store.AdoptAsync(request, record.Attempts, NewLease()))
            {
                Run(job, new StepClock(_telemetry), record.Attempts);
                Watch(request, record.Expires);
            }
        }
    }

    private async Task ExpireAsync(Hash32 request)
    {
        if (_runs.TryGetValue(request, out var run))
        {
            run.Expire();
            return;
        }
        // What another gateway drives is for that one to end: it may be combining, which takes no time off anybody.
        if (_leases.AreShared && await Persistence.PersistAsync(() => _store.StateOfAsync(request).AsTask(), _time, _stopping.Token) == SigningState.Running)
        {
            return;
        }
        var outcome = new SigningOutcome(SigningState.Expired, null, new StoredError(ErrorCodes.Expired, "The request expired before it was approved."));
        if (await Persistence.PersistAsync(() => _store.CloseAsync(request, outcome), _time, _stopping.Token))
        {
            Ended(request, outcome, 0);
        }
    }

    private async Task ReleaseAsync()
    {
        try
        {
            await _store.ReleaseAsync(_leases.Owner);
            _leases.Released();
        }
        catch (KeyMeldException exception) when (exception.Code == ErrorCodes.StorageFailed)
        {
            LogNotSwept(exception.Message);
        }
    }

    [LoggerMessage(EventId = 203, EventName = "leases_not_kept", Level = LogLevel.Warning, Message = "Leases could not be kept or taken over; the next time tries again: {Reason}")]
    private partial void LogNotSwept(string reason);
}
