using KeyMeld.Protocol;

namespace KeyMeld.Cli.Bench.Scenarios;

/// <summary>Batches of 1 to 10,000 items by 2 to 10 members, as far as the limit of item and signer pairs allows.</summary>
internal static class Batches
{
    public static async Task RunAsync(BenchStage stage, CancellationToken cancellationToken)
    {
        int[] members = stage.Quick ? [2, 3] : [2, 3, 5, 10];
        int[] sizes = stage.Quick ? [1, 1_000] : [1, 10, 100, 1_000, Limits.Items];
        foreach (var count in members)
        {
            var group = await stage.GroupAsync(count, cancellationToken);
            // Members are hosted in turn on the stack's enclaves.
            using var floor = new Floor(count, Math.Min(count, stage.Enclaves));
            foreach (var items in sizes.Select(size => Math.Min(size, Limits.ItemSigners / count)))
            {
                await BatchMeasure.RunAsync(stage, $"a batch of {items:N0} items, {count} of {count}", group, () => [.. Enumerable.Range(0, items).Select(_ => stage.Content())], floor.Batch, cancellationToken);
            }
        }
    }
}
