using System.Diagnostics;
using KeyMeld.Cli.Scenes;

namespace KeyMeld.Cli.Bench.Scenarios;

/// <summary>How long one signature takes whoever waits for it.</summary>
internal static class OneSigning
{
    public static async Task RunAsync(BenchStage stage, CancellationToken cancellationToken)
    {
        var group = await stage.GroupAsync(3, cancellationToken);
        var warm = stage.Rounds(30);
        List<TimeSpan> calls = [];
        List<TimeSpan> whole = [];
        await stage.FirstAsync(async client =>
        {
            var loaded = client.Groups.Load(group);
            for (var round = 0; round < warm + stage.Rounds(300); round++)
            {
                var begin = Stopwatch.StartNew();
                var prepared = await client.Signings.PrepareAsync(loaded, [stage.Content()], cancellationToken: cancellationToken);
                var call = Stopwatch.StartNew();
                var outcome = await client.Signings.SubmitAsync(prepared, TimeSpan.FromSeconds(30), cancellationToken);
                if (round >= warm)
                {
                    calls.Add(call.Elapsed);
                    whole.Add(begin.Elapsed);
                }
                Scene.Require(outcome.IsSigned, "A signing did not complete.");
            }
            return 0;
        });
        using var floor = new Floor(3, 3);
        var one = floor.One(500);
        var call = new Percentiles(calls);
        stage.Row("one signing, 3 of 3: the HTTP call with Prefer: wait", $"{call.Text}", $"Rust: 755 ms; libsecp256k1 alone: {one.TotalMilliseconds:0.00} ms, ratio {call.At(50) / one.TotalMilliseconds:0.0}");
        stage.Row("the same with the SDK verifying three enclaves anew before it", $"{new Percentiles(whole).Text}", $"attestation documents made, fetched and verified");
    }
}
