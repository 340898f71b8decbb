using KeyMeld.Cli.Load;
using KeyMeld.Cli.Soak;
using KeyMeld.DevKit.Databases;
using KeyMeld.IntegrationTests.Support;

namespace KeyMeld.IntegrationTests.Soak;

/// <summary>A short soak of real processes, and what a long one is judged by.</summary>
public sealed class SoakTests : IDisposable
{
    private readonly string home = StackFixture.NewFolder("soak");

    public void Dispose() => Directory.Delete(home, recursive: true);

    [Fact]
    public async Task While_gateway_enclaves_and_KMS_are_killed_at_random_every_signing_ends_and_none_is_lost()
    {
        var run = (await CliRun.OfAsync(home, "soak", "--data", "data", "--turbulent", "15s", "--calm", "3s", "--rate", "4", "--kills", "1", "--groups", "2", "--seed", "5", "--json")).Succeeds();

        Assert.Equal("yes", run.Json("sound"));
        Assert.Equal("0", run.Json("unfinished_in_the_database"));
        Assert.Equal("0", run.Json("ended_without_a_reason"));
        Assert.Contains("\"ended\":\"signed\"", run.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("LOST", run.Output, StringComparison.Ordinal);
        Assert.Contains("\"kills\":[{", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task While_the_database_is_killed_alone_and_with_the_gateway_every_signing_ends_and_none_is_lost()
    {
        Assert.SkipWhen(!PostgresServer.IsInstalled && Environment.GetEnvironmentVariable("CI") is null, "PostgreSQL is not installed: apt-get install postgresql.");
        // The first three that this seed kills: database, gateway, database and gateway.
        var run = (await CliRun.OfAsync(
            home, "soak", "--data", "data", "--storage", "postgres", "--turbulent", "1s", "--at-least", "3", "--calm", "2s", "--rate", "4", "--kills", "1", "--groups", "2", "--seed", "916", "--json")).Succeeds();

        Assert.Equal("yes", run.Json("sound"));
        Assert.Equal("0", run.Json("unfinished_in_the_database"));
        Assert.Contains("\"ended\":\"signed\"", run.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("LOST", run.Output, StringComparison.Ordinal);
        Assert.Contains("\"killed\":\"database\"", run.Output, StringComparison.Ordinal);
        Assert.Contains("\"killed\":\"database and gateway\"", run.Output, StringComparison.Ordinal);
        // It was this server that signed, and it stopped with the stack.
        Assert.False(File.Exists(Path.Combine(home, "data", "keymeld.db")));
        Assert.False(File.Exists(Path.Combine(home, "data", "postgres", "data", "postmaster.pid")));
    }

    [Fact]
    public async Task The_same_seed_kills_the_same_and_every_one_is_started_again()
    {
        var first = await KilledAsync(9);
        Assert.Equal(first, await KilledAsync(9));
        Assert.NotEqual(first, await KilledAsync(10));
        // Killed and started in turn, nothing left down.
        Assert.Equal(0, first.Count % 2);
        Assert.All(first.Chunk(2), pair => Assert.Equal($"+{pair[0][1..]}", pair[1]));
    }

    [Fact]
    public void Memory_that_grows_is_told_from_memory_that_is_only_restless()
    {
        // 100 MiB, up and down by 5; and the same with 2 MiB more each minute.
        var restless = Enumerable.Range(0, 600).Select(second => ((double)second, 100 + (5 * Math.Sin(second)))).ToList();
        var growing = restless.Select(sample => (sample.Item1, sample.Item2 + (sample.Item1 / 30))).ToList();

        var flat = MemoryTrend.Of("enclave-0", restless);
        Assert.True(flat.IsFlat);
        Assert.InRange(flat.MiB, 99, 101);
        Assert.InRange(flat.SlopePerMinute, -0.1, 0.1);
        var leak = MemoryTrend.Of("enclave-0", growing);
        Assert.False(leak.IsFlat);
        Assert.InRange(leak.SlopePerMinute, 1.9, 2.1);
    }

    private static async Task<List<string>> KilledAsync(ulong seed)
    {
        using var stop = new CancellationTokenSource();
        var log = new List<string>();
        Casualty Of(string name) => new(name,
            () =>
            {
                log.Add("-" + name);
                return log.Count > 20 ? stop.CancelAsync() : Task.CompletedTask;
            },
            _ =>
            {
                log.Add("+" + name);
                return Task.CompletedTask;
            });
        var turbulence = new Turbulence([Of("a"), Of("b"), Of("c")], TimeSpan.FromTicks(1), new SeededNumbers(seed), _ => { }) { LongestOutage = TimeSpan.FromTicks(1) };
        await turbulence.RunAsync(stop.Token, TestContext.Current.CancellationToken);
        return log;
    }
}
