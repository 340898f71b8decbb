using System.Numerics;

namespace KeyMeld.Gateway.Telemetry.History;

/// <summary>
/// Durations counted in buckets whose width grows with the value: eight to each power of two of microseconds, so that a percentile is at most an eighth too high.
/// Not for several threads at once.
/// </summary>
internal sealed class LatencyHistogram
{
    private const int SubBits = 3;
    private const int Sub = 1 << SubBits;
    // Over an hour, nothing is told apart.
    private const int LongestBits = 32;
    private readonly int[] _counts = new int[(LongestBits - SubBits + 1) * Sub];

    public long Count { get; private set; }

    public TimeSpan Longest { get; private set; }

    public void Add(TimeSpan took)
    {
        var microseconds = Math.Clamp(took.Ticks / TimeSpan.TicksPerMicrosecond, 0, (1L << LongestBits) - 1);
        _counts[IndexOf(microseconds)]++;
        Count++;
        Longest = took > Longest ? took : Longest;
    }

    public void Add(LatencyHistogram other)
    {
        for (var index = 0; index < _counts.Length; index++)
        {
            _counts[index] += other._counts[index];
        }
        Count += other.Count;
        Longest = other.Longest > Longest ? other.Longest : Longest;
    }

    /// <summary>The duration that so many of a hundred do not exceed; zero where there are none.</summary>
    public TimeSpan Percentile(double percent)
    {
        var rank = (long)Math.Ceiling(Count * percent / 100);
        for (var index = 0; index < _counts.Length && Count > 0; index++)
        {
            rank -= _counts[index];
            if (rank <= 0)
            {
                var upper = TimeSpan.FromMicroseconds(UpperOf(index));
                return upper < Longest ? upper : Longest;
            }
        }
        return Longest;
    }

    private static int IndexOf(long microseconds)
    {
        if (microseconds < Sub)
        {
            return (int)microseconds;
        }
        var shift = BitOperations.Log2((ulong)microseconds) - SubBits;
        return ((shift + 1) << SubBits) + (int)((microseconds >> shift) & (Sub - 1));
    }

    private static long UpperOf(int index) => index < Sub ? index : ((Sub + (index & (Sub - 1)) + 1L) << ((index >> SubBits) - 1)) - 1;
}
