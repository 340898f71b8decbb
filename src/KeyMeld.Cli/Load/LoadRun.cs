using System.Diagnostics;
using KeyMeld.Protocol.Errors;

namespace KeyMeld.Cli.Load;

/// <summary>Asks for signings as the plan says and takes down what came of each.</summary>
/// <param name="plan">How.</param>
/// <param name="next">The next signing, ready to be asked for; waiting for it counts as latency.</param>
/// <param name="tell">Told once a second.</param>
internal sealed class LoadRun(LoadPlan plan, Func<CancellationToken, ValueTask<LoadShot>> next, Action<LatencyInterval> tell)
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    private readonly LatencyLog _log = new();
    private readonly Stopwatch _watch = new();
    private int _inFlight;
    private long _lastEnd;

    /// <summary>Signings that were asked for and are not answered.</summary>
    public int InFlight => Volatile.Read(ref _inFlight);

    /// <summary>Called as the measuring begins and as it ends, for who measures beside it.</summary>
    public Action<bool>? Measuring { get; init; }

    /// <summary>Everything asked for is waited for, also after the time is over.</summary>
    public async Task<LatencySummary> RunAsync(CancellationToken cancellationToken)
    {
        _watch.Start();
        var observing = ObserveAsync(cancellationToken);
        await (plan.Model switch
        {
            LoadModel.Closed closed => Task.WhenAll(Enumerable.Range(0, closed.Clients).Select(client => Task.Run(() => ClientAsync(client, closed.Clients, cancellationToken), cancellationToken))),
            LoadModel.Open open => ArriveAsync(open.Rate, cancellationToken),
            _ => throw new InvalidOperationException(plan.Model.GetType().Name),
        });
        return await observing;
    }

    private TimeSpan End => plan.Ramp + plan.Duration;

    private async Task ClientAsync(int client, int clients, CancellationToken cancellationToken)
    {
        await Task.Delay(plan.Ramp * client / clients, cancellationToken);
        while (_watch.Elapsed < End)
        {
            await ShootAsync(_watch.Elapsed, cancellationToken);
        }
    }

    private async Task ArriveAsync(double rate, CancellationToken cancellationToken)
    {
        var arrivals = new Arrivals(rate, plan.Ramp, new SeededNumbers(plan.Seed));
        var pending = new HashSet<Task>();
        await Task.Factory.StartNew(
            () =>
            {
                for (var due = arrivals.Next(); due < End; due = arrivals.Next())
                {
                    PreciseSleep.Until(_watch, due, cancellationToken);
                    var intended = due;
                    pending.Add(Task.Run(() => ShootAsync(intended, cancellationToken), cancellationToken));
                    pending.RemoveWhere(task => task.IsCompletedSuccessfully);
                }
            },
            cancellationToken, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        await Task.WhenAll(pending);
    }

    private async Task ShootAsync(TimeSpan intended, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _inFlight);
        var signatures = 0;
        string? code = null;
        try
        {
            var shot = await next(cancellationToken);
            await shot.SignAsync(plan.Patience, cancellationToken);
            signatures = shot.Signatures;
        }
        catch (KeyMeldException error)
        {
            code = error.Code;
        }
        finally
        {
            Interlocked.Decrement(ref _inFlight);
        }
        // What was asked for during the ramp is not measured.
        if (intended < plan.Ramp)
        {
            return;
        }
        var now = _watch.Elapsed;
        Volatile.Write(ref _lastEnd, now.Ticks);
        if (code is null)
        {
            _log.Signed(now - intended, signatures);
        }
        else
        {
            _log.Failed(code);
        }
    }

    private async Task<LatencySummary> ObserveAsync(CancellationToken cancellationToken)
    {
        await Task.Delay(plan.Ramp, cancellationToken);
        var begin = _watch.Elapsed;
        Measuring?.Invoke(true);
        var from = TimeSpan.Zero;
        while (_watch.Elapsed < End || InFlight > 0)
        {
            await Task.Delay(Interval, cancellationToken);
            var to = _watch.Elapsed - begin;
            tell(_log.Cut(from, to));
            from = to;
        }
        Measuring?.Invoke(false);
        // To the end of the last, not to the second in which that was noticed.
        return _log.Summary(TimeSpan.FromTicks(Volatile.Read(ref _lastEnd)) - begin);
    }
}
