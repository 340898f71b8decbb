using System.Diagnostics;
using KeyMeld.Cli.Scenes;
using KeyMeld.Client;
using KeyMeld.Protocol.Statements;

namespace KeyMeld.Cli.Bench.Scenarios;

/// <summary>Whether a signing takes longer where much is stored: the same signings with few rows in the gateway's database and with many, in one run; and how soon the gateway is back.</summary>
internal static class Stored
{
    private const int Few = 1_000;
    private const int Many = 100_000;
    private const int Waiting = 10_000;

    public static async Task RunAsync(BenchStage stage, CancellationToken cancellationToken)
    {
        var group = await stage.GroupAsync(3, cancellationToken);
        var key = await stage.FirstAsync(client => client.Keys.MakeAsync(cancellationToken: cancellationToken));
        await stage.FirstAsync(async client => (await client.Signings.SignAsync(client.Groups.Load(group), [stage.Content()], cancellationToken: cancellationToken)).RequireSigned());
        var (few, many, waiting) = stage.Quick ? (Few / 10, Many / 100, Waiting / 100) : (Few, Many, Waiting);

        var fewStart = await FillAsync(stage, few, waiting / 100, cancellationToken);
        var (fewSigning, fewKey) = await MeasureAsync(stage, group, key, cancellationToken);
        var manyStart = await FillAsync(stage, many - few, waiting - (waiting / 100), cancellationToken);
        var (manySigning, manyKey) = await MeasureAsync(stage, group, key, cancellationToken);

        stage.Row($"one signing beside {many} groups, signings and keys", $"{manySigning.Text}", $"beside {few}: {fewSigning.Text}; ratio {manySigning.At(50) / fewSigning.At(50):0.00}");
        stage.Row($"one signature with a key beside them", $"{manyKey.Text}", $"beside {few}: {fewKey.Text}; ratio {manyKey.At(50) / fewKey.At(50):0.00}");
        stage.Row($"the gateway back after SIGKILL, {waiting} signings waiting", $"{manyStart.TotalMilliseconds:0} ms", $"beside {few} rows: {fewStart.TotalMilliseconds:0} ms");
    }

    private static async Task<TimeSpan> FillAsync(BenchStage stage, int rows, int waiting, CancellationToken cancellationToken)
    {
        await stage.Stack.KillGatewayAsync();
        await StoredRows.AddAsync(stage.Stack, rows, waiting, cancellationToken);
        var watch = Stopwatch.StartNew();
        await stage.Stack.StartGatewayAsync(cancellationToken);
        await Scene.ReadyAsync(stage.Stack, cancellationToken);
        return watch.Elapsed;
    }

    private static Task<(Percentiles Signing, Percentiles Key)> MeasureAsync(BenchStage stage, Protocol.Ids.Hash32 group, OwnedKey key, CancellationToken cancellationToken) => stage.FirstAsync(async client =>
    {
        var (warm, rounds) = (stage.Rounds(100), stage.Rounds(500));
        var loaded = client.Groups.Load(group);
        var requests = await client.Signings.PrepareManyAsync(
            loaded, [.. Enumerable.Range(0, warm + rounds).Select(_ => (IReadOnlyList<SigningContent>)[stage.Content()])], new RequestOptions { Recorded = false }, cancellationToken);
        var signings = await TimesAsync(requests, async request => Scene.Require((await client.Signings.SubmitAsync(request, cancellationToken: cancellationToken)).IsSigned, "A signing did not complete."));
        var messages = Enumerable.Range(0, warm + rounds).Select(_ => (ReadOnlyMemory<byte>)stage.Content().Message.ToArray()).ToList();
        var keyed = await client.Keys.PrepareManyAsync(key, messages, SingleSignAlgorithm.Bip340, cancellationToken: cancellationToken);
        var signatures = await TimesAsync(keyed, async request =>
        {
            using (request)
            {
                await client.Keys.SubmitAsync(request, cancellationToken: cancellationToken);
            }
        });
        return (new Percentiles(signings.Skip(warm)), new Percentiles(signatures.Skip(warm)));
    });

    private static async Task<List<TimeSpan>> TimesAsync<T>(IReadOnlyList<T> requests, Func<T, Task> sign)
    {
        var times = new List<TimeSpan>(requests.Count);
        foreach (var request in requests)
        {
            var watch = Stopwatch.StartNew();
            await sign(request);
            times.Add(watch.Elapsed);
        }
        return times;
    }
}
