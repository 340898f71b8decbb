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
using KeyMeld.Wire.V1;

namespace KeyMeld.Gateway.Signing;

/// <summary>What a signing's watchers are told.</summary>
internal sealed record SigningNews(SigningState State, int Attempts, byte[]? Result, StoredError? Error);

/// <summary>All signings this gateway drives: starts, ends, expires and takes them up. Each runs by itself.</summary>
internal sealed partial class SigningRunner : IAsyncDisposable
{
    private readonly ISigningStore _store;
    private readonly GroupBook _groups;
    private readonly EnclaveFleet _fleet;
    private readonly Announcements<SigningNews> _announcements;
    private readonly Announcements<News> _rounds;
    private readonly GatewayTelemetry _telemetry;
    private readonly TimeProvider _time;
    private readonly ILogger<SigningRunner> _logger;
    private readonly Leases _leases;
    private readonly SharedRounds? _shared;
    private readonly SigningTurns _turns = new();
    private readonly ConcurrentDictionary<Hash32, SigningRun> _runs = [];
    private readonly ConcurrentDictionary<Task, bool> _tasks = [];
    private readonly CancellationTokenSource _stopping = new();
    private readonly Deadlines _deadlines;
    private readonly ITimer _sweeps;

    /// <param name="store">The signings.</param>
    /// <param name="groups">Their groups.</param>
    /// <param name="fleet">The enclaves.</param>
    /// <param name="announcements">For those who wait for a signing.</param>
    /// <param name="rounds">For members at home.</param>
    /// <param name="leases">Of this gateway.</param>
    /// <param name="shared">Where members at home may speak to other gateways than the one that drives.</param>
    /// <param name="telemetry">What is counted.</param>
    /// <param name="time">The clock.</param>
    /// <param name="loggers">Told how signings end.</param>
    public SigningRunner(
        ISigningStore store, GroupBook groups, EnclaveFleet fleet, Announcements<SigningNews> announcements, Announcements<News> rounds, Leases leases, IRoundStore? shared,
        GatewayTelemetry telemetry, TimeProvider time, ILoggerFactory loggers)
    {
        (_store, _groups, _fleet, _announcements, _rounds, _leases, _telemetry, _time) = (store, groups, fleet, announcements, rounds, leases, telemetry, time);
        _logger = loggers.CreateLogger<SigningRunner>();
        _shared = shared is null ? null : new SharedRounds(shared, Find, rounds, loggers.CreateLogger<SharedRounds>());
        _deadlines = new Deadlines(time, request => Track(() => ExpireAsync(request)));
        _sweep = new KeyedWork((_, _) => SweepAsync(), (_, exception) => LogStuck(exception));
        _sweeps = time.CreateTimer(_ => Sweep(), null, leases.Renewal, leases.Renewal);
    }

    /// <summary>This gateway's id, under which it holds leases.</summary>
    public Id16 Owner => _leases.Owner;

    /// <summary>How many signings are in their rounds.</summary>
    public int Running => _runs.Count;

    /// <summary>The rounds of a signing that is in them.</summary>
    public SigningRun? Find(Hash32 request) => _runs.GetValueOrDefault(request);

    /// <summary>The signings whose rounds this gateway drives.</summary>
    public IReadOnlyCollection<Hash32> Driven => [.. _runs.Keys];

    /// <summary>A lease for what is started or reserved now.</summary>
    public Lease NewLease() => _leases.New();

    /// <summary>Takes up what the database has unfinished and nobody drives. An attempt that was reserved counts as used.</summary>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        foreach (var signing in await Persistence.PersistAsync(() => _store.UnfinishedAsync().AsTask(), _time, cancellationToken))
        {
            Watch(signing.Request, signing.Expires);
        }
        Sweep();
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
        _rounds.Tell(request, News.Here);
        _telemetry.SigningEnded(request, outcome, null, attempts, null, null);
        if (_runs.TryGetValue(request, out var run))
        {
            run.Stop();
        }
    }

    /// <summary>Another gateway changed a signing: its watchers here hear of it, and what is under way here stops where it ended.</summary>
    public void Hear(SigningRecord record)
    {
        _announcements.Tell(record.Request, new SigningNews(record.State, record.Attempts, record.Result, record.Error));
        _rounds.Tell(record.Request, News.Here);
        if (record.State.IsFinal())
        {
            _deadlines.Remove(record.Request);
            Find(record.Request)?.Stop();
        }
    }

    /// <summary>Where the rounds of a running signing stand, whoever drives them; null where they have not begun.</summary>
    public async ValueTask<RoundState?> RoundsAsync(Hash32 request) => Find(request)?.State ?? (_shared is null ? null : await _shared.FindAsync(request));

    /// <summary>Hands a member's blob to whoever drives the signing.</summary>
    public async Task TellAsync(Hash32 request, int place, RoundBlob blob, CancellationToken cancellationToken)
    {
        if (Find(request) is { } run)
        {
            await run.TellAsync(place, blob, cancellationToken);
        }
        else if (_shared is not null)
        {
            await _shared.PostAsync(request, place, blob);
        }
    }

    /// <summary>Another gateway has something about the rounds of a signing.</summary>
    public void HearOfRounds(Hash32 request)
    {
        _rounds.Tell(request, News.Here);
        _shared?.Nudge(request);
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
        await _sweeps.DisposeAsync();
        _deadlines.Dispose();
        // From here on no look begins; one that stands in the middle is called back with everything else.
        var sweep = _sweep.DisposeAsync();
        await _stopping.CancelAsync();
        await sweep;
        await Task.WhenAll(_tasks.Keys);
        await (_shared?.DisposeAsync() ?? default);
        await ReleaseAsync();
        _stopping.Dispose();
    }

    private void Run(SigningJob job, StepClock clock, int attempts)
    {
        var calls = new SigningCalls(job, _fleet, _time);
        var attemptsOf = new SigningAttempts(_store, job.Request, NewLease);
        var run = new SigningRun(job, _shared is not null, calls, _turns, _time, clock, attemptsOf, job.Homes.IsEmpty ? () => { } : () => Stepped(job.Request), _stopping.Token);
        if (!_runs.TryAdd(job.Request, run))
        {
            run.Dispose();
            return;
        }
        _announcements.Announce(job.Request, new SigningNews(SigningState.Running, Math.Max(1, attempts), null, null));
        Track(() => RunAsync(run, calls, clock, attempts));
    }

    private void Stepped(Hash32 request)
    {
        _rounds.Tell(request, News.Here);
        _shared?.Nudge(request);
    }

    private async Task RunAsync(SigningRun run, SigningCalls calls, StepClock clock, int attempts)
    {
        var request = run.Job.Request;
        using var span = clock.Trace(request);
        try
        {
            var state = await run.RunAsync(attempts);
            var outcome = (state as RoundState.Ended)?.Outcome;
            clock.EnterPersist();
            if (outcome is not null && await Persistence.PersistAsync(() => _store.FinishAsync(request, _leases.Owner, outcome), _time, _stopping.Token))
            {
                _deadlines.Remove(request);
                clock.Ended(request, outcome, run.Attempt);
                LogEnded(request, outcome.State, run.Attempt, outcome.Error?.Code ?? "none");
                _announcements.Announce(request, new SigningNews(outcome.State, run.Attempt, outcome.Result, outcome.Error));
                _rounds.Tell(request, News.Here);
            }
            // Not where another gateway drives it now: its nonces would be forgotten, too.
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
        if (_shared is not null && !run.Job.Homes.IsEmpty)
        {
            await _shared.ClearEndedAsync();
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

    [LoggerMessage(EventId = 201, EventName = "signing_ended", Level = LogLevel.Information, Message = "Signing {Request} ended as {State} after {Attempts} attempts, error {Code}")]
    private partial void LogEnded(Hash32 request, SigningState state, int attempts, string code);

    [LoggerMessage(EventId = 202, EventName = "signing_stuck", Level = LogLevel.Error, Message = "A signing could not be taken further; it is taken up again later")]
    private partial void LogStuck(Exception exception);
}
