using System.Diagnostics;
using KeyMeld.Cli.Scenes;

namespace KeyMeld.Cli.Bench.Scenarios;

/// <summary>How long a signature takes that finds every enclave killed.</summary>
internal static class Restart
{
    public static async Task RunAsync(BenchStage stage, CancellationToken cancellationToken)
    {
        var group = await stage.GroupAsync(3, cancellationToken);
        List<TimeSpan> times = [];
        await stage.FirstAsync(async client =>
        {
            var loaded = client.Groups.Load(group);
            for (var round = 0; round < (stage.Quick ? 1 : 5); round++)
            {
                var prepared = await client.Signings.PrepareAsync(loaded, [stage.Content()], cancellationToken: cancellationToken);
                var watch = Stopwatch.StartNew();
                await stage.Stack.KillEnclavesAsync();
                await stage.Stack.StartEnclavesAsync(cancellationToken);
                var outcome = await client.Signings.SubmitAsync(prepared, TimeSpan.FromSeconds(30), cancellationToken);
                times.Add(watch.Elapsed);
                Scene.Require(outcome.IsSigned, "The signing after a restart did not complete.");
            }
            return 0;
        });
        stage.Row("SIGKILL of all enclaves to the next signature", $"{new Percentiles(times).Text}", $"Rust: 20 s");
    }
}
