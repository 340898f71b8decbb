namespace KeyMeld.Gateway.Telemetry.History;

/// <summary>Ten seconds. Histograms are made when something is put into them.</summary>
internal sealed class HistoryBucket
{
    private static readonly int CountKinds = Enum.GetValues<HistoryCount>().Length;
    private static readonly int StepKinds = Enum.GetValues<SigningStep>().Length;

    private readonly LatencyHistogram?[] _steps = new LatencyHistogram?[StepKinds];
    private readonly long[] _counts = new long[CountKinds];
    private LatencyHistogram? _total;

    /// <summary>Number of the ten seconds since 1970.</summary>
    public long Number { get; init; }

    public void Count(HistoryCount what) => _counts[(int)what]++;

    public void Took(SigningStep step, TimeSpan took) => (_steps[(int)step] ??= new LatencyHistogram()).Add(took);

    public void TookAltogether(TimeSpan took) => (_total ??= new LatencyHistogram()).Add(took);

    public void Add(HistoryBucket other)
    {
        for (var index = 0; index < CountKinds; index++)
        {
            _counts[index] += other._counts[index];
        }
        for (var index = 0; index < StepKinds; index++)
        {
            Add(ref _steps[index], other._steps[index]);
        }
        Add(ref _total, other._total);
    }

    public HistoryPoint ToPoint(DateTimeOffset start, TimeSpan length) => new(start, length)
    {
        Counts = [.. _counts],
        Total = Latency.Of(_total),
        Steps = [.. _steps.Select(Latency.Of)],
    };

    private static void Add(ref LatencyHistogram? sum, LatencyHistogram? other)
    {
        if (other is not null)
        {
            (sum ??= new LatencyHistogram()).Add(other);
        }
    }
}
