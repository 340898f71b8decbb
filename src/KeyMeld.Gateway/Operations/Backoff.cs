namespace KeyMeld.Gateway.Operations;

/// <summary>Pauses that grow from 20 ms to 2 s.</summary>
internal static class Backoff
{
    private const double First = 20;
    private const double Longest = 2000;

    /// <param name="failures">How many there were before; none is no pause.</param>
    public static TimeSpan After(int failures) =>
        failures <= 0 ? TimeSpan.Zero : TimeSpan.FromMilliseconds(Math.Min(Longest, First * Math.Pow(2, Math.Min(failures - 1, 16))));
}
