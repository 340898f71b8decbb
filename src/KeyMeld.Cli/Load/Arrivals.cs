namespace KeyMeld.Cli.Load;

/// <summary>
/// When signings are asked for in the open model: a Poisson process, as of many clients who know nothing of each other. While it ramps up its rate grows linearly from zero. The times
/// do not depend on how fast anything is answered, and latency is counted from them: whoever had to wait because others were slow is not forgotten (no coordinated omission).
/// </summary>
/// <param name="rate">Signings a second, after the ramp.</param>
/// <param name="ramp">How long the rate grows.</param>
/// <param name="numbers">Where the gaps are drawn from.</param>
internal sealed class Arrivals(double rate, TimeSpan ramp, SeededNumbers numbers)
{
    private double _expected;

    /// <summary>The next one, from the beginning of the run. Never before the one before it.</summary>
    public TimeSpan Next()
    {
        _expected += numbers.Exponential();
        return TimeSpan.FromSeconds(TimeOf(_expected));
    }

    // The inverse of how many are expected until then: rate·t²/(2·ramp) while it grows, rate·(t − ramp/2) afterwards.
    private double TimeOf(double expected)
    {
        var grows = ramp.TotalSeconds;
        return expected < rate * grows / 2 ? Math.Sqrt(2 * grows * expected / rate) : (expected / rate) + (grows / 2);
    }
}
