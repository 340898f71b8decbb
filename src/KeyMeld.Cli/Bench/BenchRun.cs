using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Text;
using KeyMeld.Cli.Scenes;
using KeyMeld.Client;
using KeyMeld.DevKit.Stack;
using KeyMeld.Protocol.Ids;

namespace KeyMeld.Cli.Bench;

/// <summary>The measurements of <c>keymeld bench</c>, over real processes; every signature that counts was verified by the client.</summary>
internal sealed class BenchRun(DevelopmentStack stack, StackOptions options, CancellationToken cancellationToken)
{
    private readonly Trio trio = Trio.On(stack, Path.Combine(options.DataDirectory, "profiles"));
    private readonly List<(string What, string Figure, string Against)> rows = [];
    private Hash32 group;
    private int counter;

    public async Task<IReadOnlyList<(string What, string Figure, string Against)>> RunAsync(Action<string> tell)
    {
        await Scene.ReadyAsync(stack, cancellationToken);
        using var floor = new Floor();
        tell("forming groups");
        await KeygenAsync();
        await trio.Alice.OnlineAsync(async client =>
        {
            tell("one signing");
            await LatencyAsync(client, floor);
            foreach (var clients in (int[])[1, 8, 64])
            {
                tell($"{clients} clients");
                await ThroughputAsync(client, clients);
            }
            foreach (var items in (int[])[1_000, 10_000])
            {
                tell($"batch of {items}");
                await BatchAsync(client, floor, items);
            }
            tell("restart");
            await RestartAsync(client);
            return 0;
        });
        foreach (var (name, _, resident) in stack.Processes())
        {
            Row($"memory of {name}", string.Create(CultureInfo.InvariantCulture, $"{resident / 1048576.0:0} MiB resident"), "after all of the above");
        }
        return rows;
    }

    private async Task KeygenAsync()
    {
        List<TimeSpan> times = [];
        for (var round = 0; round < 5; round++)
        {
            var watch = Stopwatch.StartNew();
            group = await trio.FormAsync(people => new GroupPlan { Label = $"bench {round}", Participants = people, Unattended = true },
                new JoinOptions { AcceptUnattended = true, Approval = false }, cancellationToken);
            await trio.VerifyAsync(group, cancellationToken);
            times.Add(watch.Elapsed);
        }
        Row("keygen, 3 people one after the other, all verified by all", new Percentiles(times).Text, "Rust: 318 ms for 2, nothing verified");
    }

    private async Task LatencyAsync(KeyMeldClient client, Floor floor)
    {
        var loaded = client.Groups.Load(group);
        List<TimeSpan> calls = [];
        List<TimeSpan> whole = [];
        for (var round = 0; round < 330; round++)
        {
            var begin = Stopwatch.StartNew();
            var prepared = await client.Signings.PrepareAsync(loaded, [Content()], cancellationToken: cancellationToken);
            var call = Stopwatch.StartNew();
            var outcome = await client.Signings.SubmitAsync(prepared, TimeSpan.FromSeconds(30), cancellationToken);
            if (round >= 30)
            {
                calls.Add(call.Elapsed);
                whole.Add(begin.Elapsed);
            }
            Scene.Require(outcome.IsSigned, "A signing did not complete.");
        }
        var one = floor.One(500);
        Row("one signing, 3 of 3: the HTTP call with Prefer: wait", new Percentiles(calls).Text,
            string.Create(CultureInfo.InvariantCulture, $"Rust: 755 ms; libsecp256k1 alone: {one.TotalMilliseconds:0.00} ms, ratio {new Percentiles(calls).At(50) / one.TotalMilliseconds:0.0}"));
        Row("the same with the SDK verifying three enclaves anew before it", new Percentiles(whole).Text, "attestation documents made, fetched and verified");
    }

    private async Task ThroughputAsync(KeyMeldClient client, int clients)
    {
        // Signed beforehand: what is measured is the gateway and the enclaves, not one process playing all clients' cryptography.
        var count = Math.Min(2_000, 150 * clients);
        var prepared = new ConcurrentQueue<PreparedRequest>(await client.Signings.PrepareManyAsync(
            client.Groups.Load(group), [.. Enumerable.Range(0, count).Select(_ => (IReadOnlyList<SigningContent>)[Content()])], cancellationToken: cancellationToken));
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
        Row($"signings per second, {clients} client{(clients == 1 ? "" : "s")}", string.Create(CultureInfo.InvariantCulture, $"{count / watch.Elapsed.TotalSeconds:0}"),
            $"{count} signings, each verified by the client, on the same cores");
    }

    private async Task BatchAsync(KeyMeldClient client, Floor floor, int items)
    {
        var loaded = client.Groups.Load(group);
        List<double> ratios = [];
        TimeSpan best = TimeSpan.MaxValue;
        for (var round = 0; round < 3; round++)
        {
            var prepared = await client.Signings.PrepareAsync(loaded, [.. Enumerable.Range(0, items).Select(_ => Content())], cancellationToken: cancellationToken);
            var watch = Stopwatch.StartNew();
            var outcome = await client.Signings.SubmitAsync(prepared, TimeSpan.FromSeconds(60), cancellationToken);
            var elapsed = watch.Elapsed;
            Scene.Require(outcome.IsSigned, "A batch did not complete.");
            ratios.Add(elapsed / floor.Batch(items));
            best = elapsed < best ? elapsed : best;
        }
        ratios.Sort();
        Row($"a batch of {items:N0} items", string.Create(CultureInfo.InvariantCulture, $"{best.TotalMilliseconds:0} ms, {items / best.TotalSeconds:0} signatures/s"),
            string.Create(CultureInfo.InvariantCulture, $"{ratios[1]:0.00}x the floor on all cores (median of 3)"));
    }

    private async Task RestartAsync(KeyMeldClient client)
    {
        var loaded = client.Groups.Load(group);
        List<TimeSpan> times = [];
        for (var round = 0; round < 5; round++)
        {
            var prepared = await client.Signings.PrepareAsync(loaded, [Content()], cancellationToken: cancellationToken);
            var watch = Stopwatch.StartNew();
            await stack.KillEnclavesAsync();
            await stack.StartEnclavesAsync(cancellationToken);
            var outcome = await client.Signings.SubmitAsync(prepared, TimeSpan.FromSeconds(30), cancellationToken);
            times.Add(watch.Elapsed);
            Scene.Require(outcome.IsSigned, "The signing after a restart did not complete.");
        }
        Row("SIGKILL of all enclaves to the next signature", new Percentiles(times).Text, "Rust: 20 s");
    }

    private SigningContent Content() => SigningContent.FromBytes(Encoding.UTF8.GetBytes($"bench {Interlocked.Increment(ref counter)}"));

    private void Row(string what, string figure, string against) => rows.Add((what, figure, against));
}
