using KeyMeld.DevKit.Stack;

namespace KeyMeld.Cli.Soak;

/// <summary>Takes down what the processes hold of memory while nothing is killed, and says whether it grows.</summary>
internal sealed class MemoryWatch(DevelopmentStack stack)
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);
    private readonly SortedDictionary<string, List<(double Second, double MiB)>> _samples = new(StringComparer.Ordinal);

    public async Task RunAsync(TimeSpan duration, CancellationToken cancellationToken)
    {
        for (var second = 0; second < duration.TotalSeconds; second++)
        {
            foreach (var (name, _, resident) in stack.Processes())
            {
                Add(name, second, resident);
            }
            Add(Load.ProcessUse.Client, second, Environment.WorkingSet);
            await Task.Delay(Interval, cancellationToken);
        }
    }

    /// <summary>The second half of what was taken down: by then caches and heaps are as large as they get.</summary>
    public IReadOnlyList<MemoryTrend> Trends() => [.. _samples.Select(process => MemoryTrend.Of(process.Key, [.. process.Value.Skip(process.Value.Count / 2)]))];

    private void Add(string name, double second, long bytes)
    {
        if (!_samples.TryGetValue(name, out var samples))
        {
            _samples.Add(name, samples = []);
        }
        samples.Add((second, bytes / 1048576.0));
    }
}

/// <param name="Process">Which.</param>
/// <param name="MiB">Its mean.</param>
/// <param name="SlopePerMinute">By how many MiB it grows in a minute: the straight line nearest to the samples.</param>
internal sealed record MemoryTrend(string Process, double MiB, double SlopePerMinute)
{
    /// <summary>A process that grows by more than this in a minute is not flat.</summary>
    public const double Bound = 1;

    public bool IsFlat => SlopePerMinute <= Bound;

    public static MemoryTrend Of(string process, IReadOnlyList<(double Second, double MiB)> samples)
    {
        if (samples.Count < 2)
        {
            return new MemoryTrend(process, samples.Count == 0 ? 0 : samples[0].MiB, 0);
        }
        var (x, y) = (samples.Average(sample => sample.Second), samples.Average(sample => sample.MiB));
        var slope = samples.Sum(sample => (sample.Second - x) * (sample.MiB - y)) / samples.Sum(sample => Math.Pow(sample.Second - x, 2));
        return new MemoryTrend(process, y, slope * 60);
    }
}
