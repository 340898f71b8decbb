using System.Collections.Concurrent;
using KeyMeld.Gateway.Operations;
using KeyMeld.Protocol.Ids;

namespace KeyMeld.Tests.Gateway.Operations;

public class KeyedWorkTests
{
    private static readonly Hash32 One = Hash32.Sha256([1]);
    private static readonly Hash32 Other = Hash32.Sha256([2]);

    private readonly ConcurrentQueue<Exception> _failures = [];

    [Fact]
    public async Task A_nudge_while_the_work_runs_makes_it_run_once_more_from_its_beginning()
    {
        var (begun, gate) = (new SemaphoreSlim(0), new SemaphoreSlim(0));
        var runs = 0;
        var work = Work(async (_, _) =>
        {
            Interlocked.Increment(ref runs);
            begun.Release();
            await gate.WaitAsync(Cancellation);
        });
        work.Nudge(One);
        await begun.WaitAsync(Cancellation);
        // What they are about may have come too late for the run that has begun; one more is enough for all of them.
        work.Nudge(One);
        work.Nudge(One);
        work.Nudge(One);
        gate.Release();
        await begun.WaitAsync(Cancellation);
        gate.Release();
        await work.DisposeAsync();
        Assert.Equal(2, runs);
    }

    [Fact]
    public async Task Work_on_one_object_waits_for_no_other()
    {
        var (done, gate) = (new TaskCompletionSource(), new TaskCompletionSource());
        await using var work = Work((id, _) =>
        {
            if (id == One)
            {
                return gate.Task;
            }
            done.SetResult();
            return Task.CompletedTask;
        });
        work.Nudge(One);
        work.Nudge(Other);
        await done.Task.WaitAsync(Cancellation);
        gate.SetResult();
    }

    [Fact]
    public async Task What_fails_is_told_and_the_next_nudge_is_served()
    {
        var done = new TaskCompletionSource();
        var runs = 0;
        await using var work = Work((_, _) =>
        {
            if (Interlocked.Increment(ref runs) == 1)
            {
                throw new InvalidOperationException("the first time");
            }
            done.SetResult();
            return Task.CompletedTask;
        });
        work.Nudge(One);
        await Support.Eventually.TrueAsync(() => !_failures.IsEmpty);
        work.Nudge(One);
        await done.Task.WaitAsync(Cancellation);
        Assert.Equal("the first time", Assert.Single(_failures).Message);
    }

    [Fact]
    public async Task Its_end_calls_back_what_runs_waits_for_it_and_lets_nothing_begin()
    {
        var begun = new TaskCompletionSource();
        var runs = 0;
        var work = Work(async (_, cancellation) =>
        {
            Interlocked.Increment(ref runs);
            begun.SetResult();
            await Task.Delay(Timeout.Infinite, cancellation);
        });
        work.Nudge(One);
        await begun.Task.WaitAsync(Cancellation);
        work.Nudge(One);
        await work.DisposeAsync();
        work.Nudge(One);
        work.Nudge(Other);
        Assert.Equal(1, runs);
        Assert.Empty(_failures);
    }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private KeyedWork Work(Func<Hash32, CancellationToken, Task> work) => new(work, (_, failure) => _failures.Enqueue(failure));
}
