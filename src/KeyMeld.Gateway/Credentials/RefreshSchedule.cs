namespace KeyMeld.Gateway.Credentials;

/// <summary>When credentials are fetched again. An instance has new ones at least five minutes before the old ones end.</summary>
internal static class RefreshSchedule
{
    private static readonly TimeSpan Lead = TimeSpan.FromMinutes(15);
    private static readonly TimeSpan Spread = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan Least = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan Longest = TimeSpan.FromHours(6);
    private static readonly TimeSpan FirstRetry = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LastRetry = TimeSpan.FromMinutes(1);

    /// <summary>The pause after credentials came.</summary>
    /// <param name="left">How long they are valid.</param>
    /// <param name="random">From 0 to 1: many gateways must not ask at once.</param>
    public static TimeSpan AfterSuccess(TimeSpan left, double random) => Clamp(left - Lead - (Spread * random), Least, Longest);

    /// <summary>The pause after a failure: doubling, and between half and all of it.</summary>
    /// <param name="failures">How many there were in a row, from 1.</param>
    /// <param name="random">From 0 to 1.</param>
    public static TimeSpan AfterFailure(int failures, double random) =>
        Clamp(FirstRetry * Math.Pow(2, Math.Min(failures - 1, 16)), FirstRetry, LastRetry) * (0.5 + (random / 2));

    private static TimeSpan Clamp(TimeSpan value, TimeSpan least, TimeSpan most) => value < least ? least : value > most ? most : value;
}
