using System.Diagnostics;
using System.Globalization;
using KeyMeld.Cli.Scenes;
using KeyMeld.Client;
using KeyMeld.Protocol.Ids;

namespace KeyMeld.Cli.Bench.Scenarios;

/// <summary>Times one kind of batch against the floor of the same work, both several times in turn. Processor time is that of all processes; it says more where something else runs on the machine.</summary>
internal static class BatchMeasure
{
    private const int FewItems = 100;

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
        List<double> work = [];
        var best = TimeSpan.MaxValue;
        var items = 0;
        for (var round = 0; round < (stage.Quick ? 1 : 3); round++)
        {
            var prepared = await client.Signings.PrepareAsync(loaded, contents(), cancellationToken: cancellationToken);
            var before = stage.ProcessorTime();
            var watch = Stopwatch.StartNew();
            var outcome = await client.Signings.SubmitAsync(prepared, TimeSpan.FromSeconds(120), cancellationToken);
            var elapsed = watch.Elapsed;
            Scene.Require(outcome.IsSigned, "A batch did not complete.");
            items = outcome.Items!.Count;
            var after = stage.ProcessorTime();
            ratios.Add(elapsed / floor(items));
            work.Add((after - before) / (stage.ProcessorTime() - after));
            best = elapsed < best ? elapsed : best;
        }
        ratios.Sort();
        work.Sort();
        var (ratio, busy) = (ratios[ratios.Count / 2], work[work.Count / 2]);
        // Of few items the processors' clocks are too coarse.
        var processors = items < FewItems ? "" : string.Create(CultureInfo.InvariantCulture, $", {busy:0.00}x its processor time");
        stage.Row(what, $"{best.TotalMilliseconds:0.0} ms, {items / best.TotalSeconds:0} signatures/s", $"{ratio:0.00}x the floor on all cores{processors} (median of {ratios.Count})");
        return items;
    });
}
