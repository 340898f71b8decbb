namespace KeyMeld.Cli.Soak;

/// <summary>How long and how hard a soak goes on.</summary>
/// <param name="Turbulent">How long programs are killed at random.</param>
/// <param name="Calm">How long nothing is killed afterwards, and memory is watched.</param>
/// <param name="Rate">Signings a second, at random.</param>
/// <param name="Kills">Seconds between two kills on average.</param>
/// <param name="AtLeast">So many are killed at least, however long that takes.</param>
/// <param name="Groups">How many groups sign.</param>
/// <param name="Seed">Of arrivals and kills.</param>
internal sealed record SoakPlan(TimeSpan Turbulent, TimeSpan Calm, double Rate, double Kills, int AtLeast, int Groups, ulong Seed);
