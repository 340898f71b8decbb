using KeyMeld.Cli.Load;

namespace KeyMeld.Cli.Soak;

/// <summary>Kills one thing after the other at random and starts it again after a while at random. The same seed kills the same things after the same pauses.</summary>
/// <param name="casualties">Whom.</param>
/// <param name="mean">Between two, on average.</param>
/// <param name="numbers">Whom and when.</param>
/// <param name="tell">Told each.</param>
internal sealed class Turbulence(IReadOnlyList<Casualty> casualties, TimeSpan mean, SeededNumbers numbers, Action<string> tell)
{
    /// <summary>How long one stays away at most.</summary>
    public TimeSpan LongestOutage { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>So many are killed before it listens to who tells it to stop.</summary>
    public int AtLeast { get; init; }

    /// <summary>How often each was killed.</summary>
    public SortedDictionary<string, int> Kills { get; } = new(StringComparer.Ordinal);

    /// <summary>Goes on until it is told to stop, and leaves everything running.</summary>
    public async Task RunAsync(CancellationToken stop, CancellationToken cancellationToken)
    {
        for (var killed = 0; ; killed++)
        {
            var until = killed < AtLeast ? cancellationToken : stop;
            if (!await PauseAsync(TimeSpan.FromSeconds(Math.Min(5, numbers.Exponential()) * mean.TotalSeconds), until))
            {
                return;
            }
            var casualty = casualties[numbers.Below(casualties.Count)];
            var outage = LongestOutage * numbers.Unit();
            tell($"{casualty.Name} killed, back in {outage.TotalSeconds:0.0} s");
            await casualty.KillAsync();
            Kills[casualty.Name] = Kills.GetValueOrDefault(casualty.Name) + 1;
            await PauseAsync(outage, until);
            await casualty.StartAsync(cancellationToken);
        }
    }

    private static async Task<bool> PauseAsync(TimeSpan pause, CancellationToken stop)
    {
        try
        {
            await Task.Delay(pause, stop);
            return true;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }
}
