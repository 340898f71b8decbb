using KeyMeld.Client;
using KeyMeld.Protocol.Ids;
using KeyMeld.Protocol.Statements;

namespace KeyMeld.Cli.Bench.Scenarios;

/// <summary>A batch whose items are signed by parts of the group in turn: two of five, then the other three, each with scripts of its own.</summary>
internal static class Subsets
{
    public static async Task RunAsync(BenchStage stage, CancellationToken cancellationToken)
    {
        var two = new PlannedSubset([0, 1]) { Id = Id16.Random() };
        var three = new PlannedSubset([2, 3, 4]) { Id = Id16.Random(), Tweaks = new TweakChain([new Tweak.Taproot(new ScriptTree.Leaf(0xc0, new byte[] { 0x51 }))]) };
        var group = await stage.FormAsync(5, plan => plan with { Subsets = [two, three] }, cancellationToken);
        using var floorOfTwo = new Floor(2, 2);
        using var floorOfThree = new Floor(3, 3);
        foreach (var items in stage.Quick ? (int[])[1_000] : [1_000, 10_000])
        {
            await BatchMeasure.RunAsync(stage, $"a batch of {items:N0} subset items, 2 and 3 of 5 in turn", group,
                () => [.. Enumerable.Range(0, items).Select(index => stage.Content() with { Subset = index % 2 == 0 ? two.Id : three.Id })],
                count => floorOfTwo.Batch(count - (count / 2)) + floorOfThree.Batch(count / 2), cancellationToken);
        }
    }
}
