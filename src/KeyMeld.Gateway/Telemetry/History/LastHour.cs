using System.Collections.Immutable;

namespace KeyMeld.Gateway.Telemetry.History;

/// <summary>Counts and latencies of the last hour, in memory, ten seconds a bucket. What is older is overwritten; a restart begins anew.</summary>
internal sealed class LastHour(TimeProvider time)
{
    /// <summary>The shortest part that can be told apart.</summary>
    public static readonly TimeSpan Resolution = TimeSpan.FromSeconds(10);

    private const int Kept = 360;
    private readonly Lock _gate = new();
    private readonly HistoryBucket?[] _ring = new HistoryBucket?[Kept];

    public void Count(HistoryCount what)
    {
        lock (_gate)
        {
            Current().Count(what);
        }
    }

    public void Took(SigningStep step, TimeSpan took)
    {
        lock (_gate)
        {
            Current().Took(step, took);
        }
    }

    /// <summary>A signing ended in a signature.</summary>
    public void Signed(TimeSpan took)
    {
        lock (_gate)
        {
            Current().Count(HistoryCount.SigningsCompleted);
            Current().TookAltogether(took);
        }
    }

    /// <summary>The whole hour in parts of equal length, oldest first, without gaps; the last is the one that runs.</summary>
    /// <param name="length">A multiple of <see cref="Resolution"/> that divides the hour.</param>
    public ImmutableArray<HistoryPoint> Read(TimeSpan length)
    {
        var buckets = (int)(length / Resolution);
        if (buckets < 1 || Kept % buckets != 0 || buckets * Resolution != length)
        {
            throw new ArgumentOutOfRangeException(nameof(length));
        }
        lock (_gate)
        {
            var last = NumberOfNow() / buckets;
            var first = last - (Kept / buckets) + 1;
            return [.. Enumerable.Range(0, Kept / buckets).Select(part => Sum((first + part) * buckets, buckets).ToPoint(StartOf((first + part) * buckets), length))];
        }
    }

    /// <summary>The last while, the running ten seconds with it, as one.</summary>
    /// <param name="length">At most an hour.</param>
    public HistoryPoint Sum(TimeSpan length)
    {
        var buckets = Math.Clamp((int)(length / Resolution), 1, Kept);
        lock (_gate)
        {
            var first = NumberOfNow() - buckets + 1;
            return Sum(first, buckets).ToPoint(StartOf(first), buckets * Resolution);
        }
    }

    private HistoryBucket Sum(long first, int count)
    {
        var sum = new HistoryBucket();
        for (var number = first; number < first + count; number++)
        {
            if (_ring[number % Kept] is { } bucket && bucket.Number == number)
            {
                sum.Add(bucket);
            }
        }
        return sum;
    }

    private HistoryBucket Current()
    {
        var number = NumberOfNow();
        ref var place = ref _ring[number % Kept];
        // A clock that was set back overwrites what it meets.
        return place is { } bucket && bucket.Number == number ? bucket : place = new HistoryBucket { Number = number };
    }

    private long NumberOfNow() => time.GetUtcNow().ToUnixTimeSeconds() / (long)Resolution.TotalSeconds;

    private static DateTimeOffset StartOf(long number) => DateTimeOffset.FromUnixTimeSeconds(number * (long)Resolution.TotalSeconds);
}
