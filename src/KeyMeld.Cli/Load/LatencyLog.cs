// Percentiles from HdrHistogram: three significant digits from a microsecond to ten minutes, whatever their number.
using System.Collections.Immutable;
using HdrHistogram;

namespace KeyMeld.Cli.Load;

/// <summary>Takes down how long each signing took and how it ended; in one second after the other, and all together. Safe for concurrent use.</summary>
internal sealed class LatencyLog
{
    private const long Most = 600_000_000;
    private const int Digits = 3;

    private readonly Lock _gate = new();
    private readonly LongHistogram _all = new(1, Most, Digits);
    private readonly LongHistogram _interval = new(1, Most, Digits);
    private readonly SortedDictionary<string, long> _errors = new(StringComparer.Ordinal);
    private readonly List<LatencyInterval> _intervals = [];
    private long _signatures;
    private long _intervalErrors;

    /// <summary>A signing ended in valid signatures.</summary>
    public void Signed(TimeSpan took, int signatures)
    {
        var microseconds = Math.Clamp((long)took.TotalMicroseconds, 1, Most);
        lock (_gate)
        {
            _all.RecordValue(microseconds);
            _interval.RecordValue(microseconds);
            _signatures += signatures;
        }
    }

    /// <summary>A signing ended without.</summary>
    /// <param name="code">The stable code.</param>
    public void Failed(string code)
    {
        lock (_gate)
        {
            _errors[code] = _errors.GetValueOrDefault(code) + 1;
            _intervalErrors++;
        }
    }

    /// <summary>Closes the interval that runs.</summary>
    /// <param name="from">When it began.</param>
    /// <param name="to">When it ends, that is now.</param>
    public LatencyInterval Cut(TimeSpan from, TimeSpan to)
    {
        lock (_gate)
        {
            var interval = new LatencyInterval(from, to, _interval.TotalCount, _intervalErrors, At(_interval, 50), At(_interval, 99), _interval.TotalCount == 0 ? TimeSpan.Zero : Of(_interval.GetMaxValue()));
            _intervals.Add(interval);
            _interval.Reset();
            _intervalErrors = 0;
            return interval;
        }
    }

    /// <summary>Everything up to now.</summary>
    public LatencySummary Summary(TimeSpan elapsed)
    {
        lock (_gate)
        {
            return new LatencySummary(
                elapsed, _all.TotalCount, _signatures, _errors.ToImmutableSortedDictionary(StringComparer.Ordinal),
                [.. LatencySummary.Percents.Select(percent => (percent, At(_all, percent)))],
                _all.TotalCount == 0 ? TimeSpan.Zero : Of((long)_all.GetMean()), _all.TotalCount == 0 ? TimeSpan.Zero : Of(_all.GetMaxValue()), [.. _intervals]);
        }
    }

    private static TimeSpan At(LongHistogram histogram, double percent) => histogram.TotalCount == 0 ? TimeSpan.Zero : Of(histogram.GetValueAtPercentile(percent));

    private static TimeSpan Of(long microseconds) => TimeSpan.FromMicroseconds(microseconds);
}

/// <summary>A piece of a run.</summary>
/// <param name="From">From the beginning of what is measured.</param>
/// <param name="To">Its end.</param>
/// <param name="Signed">Signings that ended in valid signatures in it.</param>
/// <param name="Errors">Signings that ended without.</param>
/// <param name="P50">Half of the latencies are at most this.</param>
/// <param name="P99">Of a hundred, 99.</param>
/// <param name="Longest">All.</param>
internal sealed record LatencyInterval(TimeSpan From, TimeSpan To, long Signed, long Errors, TimeSpan P50, TimeSpan P99, TimeSpan Longest)
{
    /// <summary>Signings a second.</summary>
    public double Rate => To > From ? Signed / (To - From).TotalSeconds : 0;
}

/// <summary>What a run came to.</summary>
/// <param name="Elapsed">How long it was measured.</param>
/// <param name="Signed">Signings that ended in valid signatures.</param>
/// <param name="Signatures">How many those are.</param>
/// <param name="Errors">How many ended otherwise, by code.</param>
/// <param name="Latencies">At each of <see cref="Percents"/>.</param>
/// <param name="Mean">Of the latencies.</param>
/// <param name="Longest">Of the latencies.</param>
/// <param name="Intervals">Piece by piece.</param>
internal sealed record LatencySummary(
    TimeSpan Elapsed,
    long Signed,
    long Signatures,
    ImmutableSortedDictionary<string, long> Errors,
    ImmutableArray<(double Percent, TimeSpan Latency)> Latencies,
    TimeSpan Mean,
    TimeSpan Longest,
    ImmutableArray<LatencyInterval> Intervals)
{
    /// <summary>Percentiles that are shown.</summary>
    public static readonly ImmutableArray<double> Percents = [1, 5, 10, 25, 50, 75, 90, 95, 99, 99.5, 99.9, 99.99];

    public long ErrorCount => Errors.Values.Sum();

    /// <summary>Signings a second.</summary>
    public double Rate => Elapsed > TimeSpan.Zero ? Signed / Elapsed.TotalSeconds : 0;

    /// <summary>One of <see cref="Percents"/>.</summary>
    public TimeSpan At(double percent) => Latencies.Single(latency => latency.Percent == percent).Latency;
}
