using System.Collections.Immutable;

namespace KeyMeld.Gateway.Telemetry.History;

/// <summary>One part of the last hour, for charts. Never changed once made.</summary>
/// <param name="Start">When it began.</param>
/// <param name="Length">How long it is; the newest may not be over yet.</param>
internal sealed record HistoryPoint(DateTimeOffset Start, TimeSpan Length)
{
    public required ImmutableArray<long> Counts { get; init; }

    /// <summary>Of signings that ended in a signature, from the request to the outcome; null where there were none.</summary>
    public required Latency? Total { get; init; }

    /// <summary>By <see cref="SigningStep"/>, in its order; null where no signing left that step.</summary>
    public required ImmutableArray<Latency?> Steps { get; init; }

    public long this[HistoryCount count] => Counts[(int)count];

    public Latency? this[SigningStep step] => Steps[(int)step];
}

/// <summary>How long something took, in milliseconds. Percentiles are at most an eighth too high.</summary>
internal sealed record Latency(long Count, double P50, double P90, double P99, double Longest)
{
    public static Latency? Of(LatencyHistogram? histogram) => histogram is null or { Count: 0 } ? null : new Latency(
        histogram.Count,
        histogram.Percentile(50).TotalMilliseconds,
        histogram.Percentile(90).TotalMilliseconds,
        histogram.Percentile(99).TotalMilliseconds,
        histogram.Longest.TotalMilliseconds);
}
