using System.Globalization;

namespace KeyMeld.Cli.Bench;

/// <summary>Exact percentiles of a sample of times.</summary>
internal sealed class Percentiles
{
    private readonly double[] milliseconds;

    public Percentiles(IEnumerable<TimeSpan> sample)
    {
        milliseconds = [.. sample.Select(time => time.TotalMilliseconds)];
        Array.Sort(milliseconds);
    }

    public int Count => milliseconds.Length;

    /// <summary>The smallest time that <paramref name="percent"/> percent of the sample do not exceed (nearest rank), in milliseconds.</summary>
    public double At(double percent) => milliseconds[Math.Clamp((int)Math.Ceiling(percent / 100 * milliseconds.Length) - 1, 0, milliseconds.Length - 1)];

    public string Text => string.Create(CultureInfo.InvariantCulture, $"p50 {At(50):0.0} ms, p95 {At(95):0.0} ms, p99 {At(99):0.0} ms ({Count} samples)");
}
