// The leaky bucket as a meter, in its virtual-scheduling form (ITU-T I.371): one time for each caller is all there is to keep.
namespace KeyMeld.Gateway.Http;

/// <summary>
/// How many calls a second each of any number of callers makes, in memory that does not grow with them. A table of fixed size holds for each caller the time at which all it took
/// is paid off. Where a row of the table is full, the caller that owes least gives way and may begin anew: too many callers make the limit softer, never harder on anybody.
/// </summary>
/// <typeparam name="T">What a caller is known by.</typeparam>
internal sealed class Buckets<T>
    where T : struct, IEquatable<T>
{
    private const int Rows = 2048;
    private const int PerRow = 8;

    private readonly Entry[] _table = new Entry[Rows * PerRow];
    private readonly Lock[] _locks = [.. Enumerable.Range(0, 256).Select(_ => new Lock())];
    private readonly TimeProvider _time;
    private readonly long _cost;
    private readonly long _burst;

    /// <param name="perSecond">Calls a second on average.</param>
    /// <param name="burst">Calls at once after a pause.</param>
    public Buckets(int perSecond, int burst, TimeProvider time)
    {
        _time = time;
        _cost = Math.Max(1, time.TimestampFrequency / perSecond);
        _burst = _cost * burst;
    }

    /// <summary>Whether one more call of this caller is within its measure; it counts when it is.</summary>
    public bool TryTake(T caller)
    {
        var now = _time.GetTimestamp();
        // Seeded anew in every process. Who shares a row with others has a softer limit, no harder one.
        var row = unchecked((int)((uint)HashCode.Combine(caller) % Rows));
        lock (_locks[row % _locks.Length])
        {
            ref var entry = ref Find(_table.AsSpan(row * PerRow, PerRow), caller, now);
            var paid = Math.Max(entry.PaidAt, now) + _cost;
            if (paid - now > _burst)
            {
                return false;
            }
            entry = new Entry(caller, paid);
            return true;
        }
    }

    private static ref Entry Find(Span<Entry> row, T caller, long now)
    {
        var least = 0;
        for (var i = 0; i < row.Length; i++)
        {
            if (row[i].Caller.Equals(caller) && row[i].PaidAt > now)
            {
                return ref row[i];
            }
            if (row[i].PaidAt < row[least].PaidAt)
            {
                least = i;
            }
        }
        row[least] = default;
        return ref row[least];
    }

    private readonly record struct Entry(T Caller, long PaidAt);
}
