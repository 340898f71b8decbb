using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text;
using KeyMeld.Cli.Load;
using KeyMeld.Client;
using KeyMeld.Protocol.Ids;

namespace KeyMeld.Cli.Soak;

/// <summary>Signings at random moments, each followed to its end.</summary>
internal sealed class SoakRun(KeyMeldClient client, IReadOnlyList<Hash32> groups, SoakPlan plan)
{
    // Longer than any outage together with a queue behind it, and shorter than anybody wants to wait for the verdict.
    private static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(4);
    private static readonly TimeSpan Fresh = TimeSpan.FromSeconds(30);
    private static readonly RequestOptions Options = new() { Lifetime = Lifetime, Recorded = false };
    private const int MadeTogether = 32;

    private readonly ConcurrentDictionary<string, int> _ends = new(StringComparer.Ordinal);
    private readonly ConcurrentQueue<string> _lost = [];
    private readonly List<Group> _groups = [.. groups.Select(client.Groups.Load)];
    private int _number;

    /// <summary>How many ended how.</summary>
    public IReadOnlyDictionary<string, int> Ends => _ends;

    /// <summary>What must never be.</summary>
    public IReadOnlyCollection<string> Lost => _lost;

    /// <summary>Asks until it is told to stop, then waits for what is under way.</summary>
    public async Task RunAsync(CancellationToken stop, CancellationToken cancellationToken)
    {
        var arrivals = new Arrivals(plan.Rate, TimeSpan.Zero, new SeededNumbers(plan.Seed));
        var watch = Stopwatch.StartNew();
        var pending = new List<Task>();
        await using var stock = new Stock<PreparedRequest>(MadeTogether, Fresh, PrepareAsync, TimeProvider.System);
        while (!stop.IsCancellationRequested)
        {
            var due = arrivals.Next() - watch.Elapsed;
            if (due > TimeSpan.Zero)
            {
                await Task.WhenAny(Task.Delay(due, cancellationToken), Task.Delay(Timeout.Infinite, stop));
            }
            var request = await stock.TakeAsync(cancellationToken);
            pending.Add(Task.Run(() => FollowAsync(request, cancellationToken), cancellationToken));
        }
        await Task.WhenAll(pending);
    }

    private Task<IReadOnlyList<PreparedRequest>> PrepareAsync(CancellationToken cancellationToken) => client.Signings.PrepareManyAsync(
        [.. Enumerable.Range(0, MadeTogether).Select(index => (_groups[index % _groups.Count], (IReadOnlyList<SigningContent>)[Content()]))], Options, cancellationToken);

    private SigningContent Content() => SigningContent.FromBytes(Encoding.UTF8.GetBytes(FormattableString.Invariant($"soak {_number++}")));

    private async Task FollowAsync(PreparedRequest request, CancellationToken cancellationToken)
    {
        switch (await new Pursuit(client, Patience, TimeProvider.System).RunAsync(request, cancellationToken))
        {
            case PursuitEnd.Signed:
                Count("signed");
                break;
            case PursuitEnd.Failed failed:
                Count($"failed: {failed.Code}");
                break;
            case PursuitEnd.Refused refused:
                Count($"refused: {refused.Code}");
                break;
            case PursuitEnd.Lost lost:
                Count("LOST");
                _lost.Enqueue(lost.What);
                break;
            default:
                throw new InvalidOperationException("An end without a name.");
        }
    }

    private void Count(string end) => _ends.AddOrUpdate(end, 1, (_, count) => count + 1);
}
