using System.Collections.Concurrent;
using System.Diagnostics;
using KeyMeld.Cli.Scenes;
using KeyMeld.Client;
using KeyMeld.Protocol.Ids;

namespace KeyMeld.Cli.Bench.Scenarios;

/// <summary>Single signings from several clients at once.</summary>
internal static class Throughput
{
    public static async Task RunAsync(BenchStage stage, CancellationToken cancellationToken)
    {
        var group = await stage.GroupAsync(3, cancellationToken);
        foreach (var clients in stage.Quick ? (int[])[1, 8] : [1, 8, 64])
        {
            await stage.FirstAsync(client => MeasureAsync(stage, client, group, clients, cancellationToken));
        }
    }

    private static async Task<int> MeasureAsync(BenchStage stage, KeyMeldClient client, Hash32 group, int clients, CancellationToken cancellationToken)
    {
        // Signed beforehand: what is measured is the gateway and the enclaves, not one process playing all clients' cryptography.
        var count = stage.Rounds(Math.Min(2_000, 150 * clients));
        var prepared = new ConcurrentQueue<PreparedRequest>(await client.Signings.PrepareManyAsync(
            client.Groups.Load(group), [.. Enumerable.Range(0, count).Select(_ => (IReadOnlyList<SigningContent>)[stage.Content()])], cancellationToken: cancellationToken));
        var watch = Stopwatch.StartNew();
        await Task.WhenAll(Enumerable.Range(0, clients).Select(async _ =>
        {
            await Task.Yield();
            while (prepared.TryDequeue(out var request))
            {
                var outcome = await client.Signings.SubmitAsync(request, TimeSpan.FromSeconds(30), cancellationToken);
                Scene.Require(outcome.IsSigned, "A signing did not complete.");
            }
        }));
        stage.Row($"signings per second, {clients} client{(clients == 1 ? "" : "s")}", $"{count / watch.Elapsed.TotalSeconds:0}", $"{count} signings, each verified by the client, on the same cores");
        return count;
    }
}
