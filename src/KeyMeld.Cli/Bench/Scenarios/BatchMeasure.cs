using System.Diagnostics;
using KeyMeld.Cli.Scenes;
using KeyMeld.Client;
using KeyMeld.Protocol.Ids;

namespace KeyMeld.Cli.Bench.Scenarios;

/// <summary>Times one kind of batch against the floor of the same work, both several times in turn.</summary>
internal static class BatchMeasure
{
    /// <param name="stage">The stage.</param>
    /// <param name="what">What the row is called.</param>
    /// <param name="group">A group of the first person's.</param>
    /// <param name="contents">Makes a batch, each time another.</param>
    /// <param name="floor">Does libsecp256k1's share of so many items on all cores.</param>
    /// <param name="cancellationToken">Stops it.</param>
    public static Task<int> RunAsync(
        BenchStage stage, string what, Hash32 group, Func<IReadOnlyList<SigningContent>> contents, Func<int, TimeSpan> floor, CancellationToken cancellationToken) => stage.FirstAsync(async client =>
    {
        var loaded = client.Groups.Load(group);
        List<double> ratios = [];
        var best = TimeSpan.MaxValue;
        var items = 0;
        for (var round = 0; round < (stage.Quick ? 1 : 3); round++)
        {
            var prepared = await client.Signings.PrepareAsync(loaded, contents(), cancellationToken: cancellationToken);
            var watch = Stopwatch.StartNew();
            var outcome = await client.Signings.SubmitAsync(prepared, TimeSpan.FromSeconds(120), cancellationToken);
            var elapsed = watch.Elapsed;
            Scene.Require(outcome.IsSigned, "A batch did not complete.");
            items = outcome.Items!.Count;
            ratios.Add(elapsed / floor(items));
            best = elapsed < best ? elapsed : best;
        }
        ratios.Sort();
        stage.Row(what, $"{best.TotalMilliseconds:0.0} ms, {items / best.TotalSeconds:0} signatures/s", $"{ratios[ratios.Count / 2]:0.00}x the floor on all cores (median of {ratios.Count})");
        return items;
    });
}
