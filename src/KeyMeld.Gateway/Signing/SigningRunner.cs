using System.Collections.Concurrent;
using KeyMeld.Gateway.Fleet;
using KeyMeld.Gateway.Http;
using KeyMeld.Gateway.Keygen;
using KeyMeld.Gateway.Operations;
using KeyMeld.Gateway.Signing.Rounds;
using KeyMeld.Gateway.Storage;
using KeyMeld.Gateway.Telemetry;
using KeyMeld.Protocol.Errors;
using KeyMeld.Protocol.Ids;
using KeyMeld.Protocol.Statements;

namespace KeyMeld.Gateway.Signing;

/// <summary>What a signing's watchers are told.</summary>
internal sealed record SigningNews(SigningState State, int Attempts, byte[]? Result, StoredError? Error);

/// <summary>All signings this gateway drives: starts, ends, expires and takes them up. Each runs by itself.</summary>
internal sealed partial class SigningRunner : IAsyncDisposable
{
    private static readonly TimeSpan LeaseTime = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan LeaseRenewal = TimeSpan.FromSeconds(20);

    private readonly ISigningStore _store;
    private readonly GroupBook _groups;
    private readonly EnclaveFleet _fleet;
    private readonly Announcements<SigningNews> _announcements;
    private readonly Announcements<News> _rounds;
    private readonly GatewayTelemetry _telemetry;
    private readonly TimeProvider _time;
    private readonly ILogger<SigningRunner> _logger;
    private readonly Id16 _owner = Id16.Random();
    private readonly SigningTurns _turns = new();
    private readonly ConcurrentDictionary<Hash32, SigningRun> _runs = [];
    private readonly ConcurrentDictionary<Task, bool> _tasks = [];
    private readonly CancellationTokenSource _stopping = new();
    private readonly Deadlines _deadlines;
    private readonly ITimer _renewal;

    public SigningRunner(ISigningStore store, GroupBook groups, EnclaveFleet fleet, Announcements<SigningNews> announcements, Announcements<News> rounds, GatewayTelemetry telemetry, TimeProvider time, ILogger<SigningRunner> logger)
    {
        (_store, _groups, _fleet, _announcements, _rounds, _telemetry, _time, _logger) = (store, groups, fleet, announcements, rounds, telemetry, time, logger);
        _deadlines = new Deadlines(time, request => Track(() => ExpireAsync(request)));
        _renewal = time.CreateTimer(_ => RenewLeases(), null, LeaseRenewal, LeaseRenewal);
    }

    /// <summary>This gateway's id, under which it holds leases.</summary>
    public Id16 Owner => _owner;

    /// <summary>How many signings are in their rounds.</summary>
    public int Running => _runs.Count;

    /// <summary>The rounds of a signing that is in them.</summary>
    public SigningRun? Find(Hash32 request) => _runs.GetValueOrDefault(request);

    /// <summary>A lease for what is started or reserved now.</summary>
    public Lease NewLease()
    {
        var now = _time.GetUtcNow();
        return new Lease(_owner, now.ToUnixTimeMilliseconds(), (now + LeaseTime).ToUnixTimeMilliseconds());
    }

    /// <summary>Takes up what the database has unfinished. An attempt that was reserved counts as used.</summary>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        foreach (var signing in await Persistence.PersistAsync(() => _store.UnfinishedAsync().AsTask(), _time, cancellationToken))
        {
            Watch(signing.Request, signing.Expires);
            if (signing.State == SigningState.Running)
            {
                Track(() => ResumeAsync(signing.Request));
            }
        }
    }

    /// <summary>Ends the signing when it expires, wherever it then is.</summary>
    public void Watch(Hash32 request, long expires) => _deadlines.Set(request, expires);

    /// <summary>Runs a signing whose first attempt was just reserved with this gateway's lease.</summary>
    /// <param name="clock">Runs since the request, or the approval that completed it, came in.</param>
    public void Run(SigningJob job, StepClock clock) => Run(job, clock, attempts: 0);

    /// <summary>The signing ended in the database: tells its watchers and stops what is under way.</summary>
    public void Ended(Hash32 request, SigningOutcome outcome, int attempts)
    {
        _deadlines.Remove(request);
        _announcements.Announce(request, new SigningNews(outcome.State, attempts, outcome.Result, outcome.Error));
        _rounds.Announce(request, News.Here);
        _telemetry.SigningEnded(outcome, null, attempts, null, null);
        if (_runs.TryGetValue(request, out var run))
        {
            run.Stop();
        }
    }

    /// <summary>A member erased its key: what it would have signed ends.</summary>
    public async Task CloseForErasedAsync(Hash32 group, int place)
    {
        var outcome = new SigningOutcome(SigningState.Failed, null, new StoredError(ErrorCodes.Erased, "A signer erased its key."));
        foreach (var request in await _store.UnfinishedOfAsync(group))
        {
            if (await _store.FindAsync(request) is { } record && SigningRequest.Parse(record.Statement.Statement).Signers.Contains(place) && await _store.CloseAsync(request, outcome))
            {
                Ended(request, outcome, record.Attempts);
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _renewal.DisposeAsync();
        _deadlines.Dispose();
        await _stopping.CancelAsync();
        await Task.WhenAll(_tasks.Keys);
        await _store.ReleaseAsync(_owner);
        _stopping.Dispose();
    }

    private void Run(SigningJob job, StepClock clock, int attempts)
    {
        var calls = new SigningCalls(job, _fleet, _time);
        var attemptsOf = new SigningAttempts(_store, job.Request, NewLease);
        var run = new SigningRun(job, calls, _turns, _time, clock, attemptsOf, () => _rounds.Announce(job.Request, News.Here), _stopping.Token);
        if (!_runs.TryAdd(job.Request, run))
        {
            run.Dispose();
            return;
        }
        _announcements.Announce(job.Request, new SigningNews(SigningState.Running, Math.Max(1, attempts), null, null));
        Track(() => RunAsync(run, calls, clock, attempts));
    }

    private async Task RunAsync(SigningRun run, SigningCalls calls, StepClock clock, int attempts)
    {
        var request = run.Job.Request;
        try
        {
            var state = await run.RunAsync(attempts);
            var outcome = (state as RoundState.Ended)?.Outcome;
            clock.EnterPersist();
            if (outcome is not null && await Persistence.PersistAsync(() => _store.FinishAsync(request, _owner, outcome), _time, _stopping.Token))
            {
                _deadlines.Remove(request);
                clock.Ended(outcome, run.Attempt);
                LogEnded(request, outcome.State, run.Attempt, outcome.Error?.Code ?? "none");
                _announcements.Announce(request, new SigningNews(outcome.State, run.Attempt, outcome.Result, outcome.Error));
                _rounds.Announce(request, News.Here);
            }
            if (state is null || outcome is not (null or { State: SigningState.Completed }))
            {
                await calls.ForgetAsync(_stopping.Token);
            }
        }
        finally
        {
            _runs.TryRemove(request, out _);
            run.Dispose();
        }
    }

    private async Task ResumeAsync(Hash32 request)
    {
        if (await _store.FindAsync(request) is { State: SigningState.Running } record && await _groups.FindAsync(record.Group) is { } group)
        {
            var value = SigningRequest.Parse(record.Statement.Statement);
            Run(new SigningJob(group, request, value, record.Statement, record.Items, record.Approvals), new StepClock(_telemetry), record.Attempts);
        }
    }

    private async Task ExpireAsync(Hash32 request)
    {
        if (_runs.TryGetValue(request, out var run))
        {
            run.Expire();
            return;
        }
        var outcome = new SigningOutcome(SigningState.Expired, null, new StoredError(ErrorCodes.Expired, "The request expired before it was approved."));
        if (await Persistence.PersistAsync(() => _store.CloseAsync(request, outcome), _time, _stopping.Token))
        {
            Ended(request, outcome, 0);
        }
    }

    private void RenewLeases()
    {
        if (!_runs.IsEmpty)
        {
            Track(() => _store.RenewAsync(NewLease()));
        }
    }

    private void Track(Func<Task> work)
    {
        if (_stopping.IsCancellationRequested)
        {
            return;
        }
        var task = Task.Run(async () =>
        {
            try
            {
                await work();
            }
            catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
            {
            }
            catch (Exception exception)
            {
                LogStuck(exception);
            }
        });
        _tasks.TryAdd(task, true);
        _ = task.ContinueWith(done => _tasks.TryRemove(done, out _), CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Signing {Request} ended as {State} after {Attempts} attempts, error {Code}")]
    private partial void LogEnded(Hash32 request, SigningState state, int attempts, string code);

    [LoggerMessage(Level = LogLevel.Error, Message = "A signing could not be taken further; its deadline or the next start takes it up")]
    private partial void LogStuck(Exception exception);
}
