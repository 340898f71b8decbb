using System.Diagnostics;
using System.Globalization;
using System.Text;
using KeyMeld.Cli.Scenes;
using KeyMeld.Client;
using KeyMeld.DevKit.Stack;
using KeyMeld.Protocol.Ids;

namespace KeyMeld.Cli.Bench;

/// <summary>What the scenarios share: a stack of real processes, people, groups formed once, and the table of results.</summary>
internal sealed class BenchStage(DevelopmentStack stack, StackOptions options, bool quick, Action<string> tell)
{
    private const int MostPeople = 10;
    private static readonly JoinOptions Join = new() { AcceptUnattended = true, Approval = false };
    private readonly Dictionary<int, Hash32> groups = [];
    private readonly List<BenchRow> rows = [];
    private int counter;

    public DevelopmentStack Stack => stack;

    /// <summary>How many enclaves host the members, in turn.</summary>
    public int Enclaves => options.Enclaves;

    /// <summary>Whether one look is enough: fewer rounds and smaller batches, for a check that it still works.</summary>
    public bool Quick => quick;

    public IReadOnlyList<BenchRow> Rows => rows;

    /// <summary>How often to measure something.</summary>
    public int Rounds(int usual) => quick ? Math.Max(1, usual / 10) : usual;

    /// <summary>The first so many of the people, at most ten.</summary>
    public Party People(int count) => Party.On(stack, Path.Combine(options.DataDirectory, "profiles"), Enumerable.Range(0, Math.Min(count, MostPeople)).Select(index => $"person-{index}"));

    /// <summary>Everybody's client opened, the first one's used.</summary>
    public Task<T> FirstAsync<T>(Func<KeyMeldClient, Task<T>> action) => People(1).Alice.OnlineAsync(action);

    /// <summary>Forms an unattended group; its first member asks.</summary>
    public async Task<Hash32> FormAsync(int members, Func<GroupPlan, GroupPlan>? change, CancellationToken cancellationToken)
    {
        var party = People(members);
        var id = await party.FormAsync(
            people => (change ?? (plan => plan))(new GroupPlan { Label = $"bench {Interlocked.Increment(ref counter)}", Participants = people, Unattended = true }), Join, cancellationToken);
        await party.VerifyAsync(id, cancellationToken);
        return id;
    }

    /// <summary>A group of so many members on the stack's enclaves, made at first use.</summary>
    public async Task<Hash32> GroupAsync(int members, CancellationToken cancellationToken) =>
        groups.TryGetValue(members, out var id) ? id : groups[members] = await FormAsync(members, null, cancellationToken);

    /// <summary>Something to sign that nothing else is.</summary>
    public SigningContent Content() => SigningContent.FromBytes(Encoding.UTF8.GetBytes($"bench {Interlocked.Increment(ref counter)}"));

    /// <summary>What this process and the stack's have used of the processors so far.</summary>
    public TimeSpan ProcessorTime()
    {
        var total = Environment.CpuUsage.TotalTime + (stack.Database?.Use.Processor ?? TimeSpan.Zero);
        foreach (var (_, id, _) in stack.Processes())
        {
            using var process = Process.GetProcessById(id);
            total += process.TotalProcessorTime;
        }
        return total;
    }

    public void Row(string what, FormattableString figure, FormattableString beside)
    {
        rows.Add(new BenchRow(what, figure.ToString(CultureInfo.InvariantCulture), beside.ToString(CultureInfo.InvariantCulture)));
        tell($"{what}: {rows[^1].Figure}; {rows[^1].Beside}");
    }
}

/// <summary>One line of the table.</summary>
/// <param name="What">What was measured.</param>
/// <param name="Figure">The result.</param>
/// <param name="Beside">What it is held against.</param>
internal sealed record BenchRow(string What, string Figure, string Beside);
