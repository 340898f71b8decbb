using KeyMeld.Protocol.Ids;

namespace KeyMeld.Gateway.Operations;

/// <summary>Says when an object's time is over. One timer for all, set to the nearest deadline; nothing ticks in between.</summary>
internal sealed class Deadlines : IDisposable
{
    // Timers hold at most about 49 days; farther ones are looked at again.
    private static readonly TimeSpan Longest = TimeSpan.FromDays(1);
    private static readonly Comparer<(long At, Hash32 Id)> NearestFirst = Comparer<(long At, Hash32 Id)>.Create((left, right) =>
        left.At != right.At ? left.At.CompareTo(right.At) : left.Id.Bytes.SequenceCompareTo(right.Id.Bytes));

    private readonly TimeProvider _time;
    private readonly Action<Hash32> _over;
    private readonly ITimer _timer;
    private readonly Lock _gate = new();
    private readonly SortedSet<(long At, Hash32 Id)> _order = new(NearestFirst);
    private readonly Dictionary<Hash32, long> _deadlines = [];
    private bool _disposed;

    public Deadlines(TimeProvider time, Action<Hash32> over)
    {
        (_time, _over) = (time, over);
        _timer = time.CreateTimer(_ => Run(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <param name="at">The last millisecond of the object's time, Unix.</param>
    public void Set(Hash32 id, long at)
    {
        lock (_gate)
        {
            if (_deadlines.Remove(id, out var before))
            {
                _order.Remove((before, id));
            }
            _deadlines.Add(id, at);
            _order.Add((at, id));
            if (_order.Min.Id == id)
            {
                SetTimer();
            }
        }
    }

    public void Remove(Hash32 id)
    {
        lock (_gate)
        {
            if (_deadlines.Remove(id, out var at))
            {
                _order.Remove((at, id));
            }
        }
    }

    public void Dispose()
    {
        lock (_gate)
        {
            _disposed = true;
            _timer.Dispose();
        }
    }

    private void Run()
    {
        var over = new List<Hash32>();
        lock (_gate)
        {
            var now = _time.GetUtcNow().ToUnixTimeMilliseconds();
            while (_order.Count > 0 && _order.Min.At < now)
            {
                over.Add(_order.Min.Id);
                _deadlines.Remove(_order.Min.Id);
                _order.Remove(_order.Min);
            }
            SetTimer();
        }
        over.ForEach(_over);
    }

    private void SetTimer()
    {
        if (!_disposed && _order.Count > 0)
        {
            var left = TimeSpan.FromMilliseconds(Math.Max(0, _order.Min.At + 1 - _time.GetUtcNow().ToUnixTimeMilliseconds()));
            _timer.Change(left < Longest ? left : Longest, Timeout.InfiniteTimeSpan);
        }
    }
}
