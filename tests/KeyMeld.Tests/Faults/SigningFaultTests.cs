using KeyMeld.Protocol.Errors;

namespace KeyMeld.Tests.Faults;

public sealed class SigningFaultTests
{
    private const int Schedules = 1_000;
    private const int AtOnce = 24;
    private const int Groups = 6;
    private const int RestartEvery = 100;

    [Fact]
    public async Task Every_signing_ends_in_a_signature_or_a_named_failure_whatever_dies_or_is_lost_and_no_nonce_is_used_twice()
    {
        var plan = new FaultPlan(seed: 327);
        await using var world = await FaultWorld.StartAsync(plan, enclaves: 2);
        var groups = await Task.WhenAll(Enumerable.Range(0, Groups).Select(_ => world.FormAsync()));
        int signed = 0, ended = 0;

        await Parallel.ForEachAsync(
            Enumerable.Range(0, Schedules),
            new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = TestContext.Current.CancellationToken },
            async (schedule, stop) =>
            {
                var failure = await world.SignAsync(groups[schedule % Groups], by: schedule % 3, items: 1 + (schedule % 2), stop);
                Assert.True(failure is null || ErrorCodes.IsKnown(failure), $"It ended with '{failure}'.");
                Interlocked.Add(ref signed, failure is null ? 1 : 0);
                if (Interlocked.Increment(ref ended) % RestartEvery == 0)
                {
                    await world.RestartGatewayAsync();
                }
            });

        // It did happen: every kind of fault, and signatures in spite of them.
        Assert.All(Enum.GetValues<Fault>(), fault => Assert.InRange(plan.Count(fault), 10, int.MaxValue));
        Assert.InRange(world.Boots, 12, int.MaxValue);
        Assert.InRange(signed, Schedules * 9 / 10, Schedules);
        Assert.InRange(world.Partials, Schedules, int.MaxValue);
        Assert.InRange(world.Nonces, Schedules, int.MaxValue);
    }
}
