using System.Diagnostics;

namespace KeyMeld.Cli.Bench.Scenarios;

/// <summary>From nothing to a group that every member verified.</summary>
internal static class Keygen
{
    public static async Task RunAsync(BenchStage stage, CancellationToken cancellationToken)
    {
        List<TimeSpan> times = [];
        for (var round = 0; round < (stage.Quick ? 2 : 5); round++)
        {
            var watch = Stopwatch.StartNew();
            await stage.FormAsync(3, null, cancellationToken);
            times.Add(watch.Elapsed);
        }
        stage.Row("keygen, 3 people one after the other, all verified by all", $"{new Percentiles(times).Text}", $"Rust: 318 ms for 2, nothing verified");
    }
}
