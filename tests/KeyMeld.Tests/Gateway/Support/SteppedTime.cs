namespace KeyMeld.Tests.Gateway.Support;

/// <summary>Real time that can be moved on: whoever waits for a deadline is called at once, and everything else goes on as usual.</summary>
internal sealed class SteppedTime : TimeProvider
{
    private readonly Lock _gate = new();
    private readonly List<SteppedTimer> _timers = [];
    private TimeSpan _offset;

    public override DateTimeOffset GetUtcNow()
    {
        lock (_gate)
        {
            return System.GetUtcNow() + _offset;
        }
    }

    public void Step(TimeSpan step)
    {
        List<SteppedTimer> timers;
        lock (_gate)
        {
            _offset += step;
            timers = [.. _timers];
        }
        timers.ForEach(timer => timer.Step(step));
    }

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new SteppedTimer(this, callback, state, dueTime, period);
        lock (_gate)
        {
            _timers.Add(timer);
        }
        return timer;
    }

    private void Remove(SteppedTimer timer)
    {
        lock (_gate)
        {
            _timers.Remove(timer);
        }
    }

    private sealed class SteppedTimer : ITimer
    {
        private readonly SteppedTime _owner;
        private readonly ITimer _inner;
        private readonly Lock _gate = new();
        private DateTimeOffset _due;
        private TimeSpan _period;

        public SteppedTimer(SteppedTime owner, TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            _owner = owner;
            (_due, _period) = (Due(dueTime), period);
            _inner = System.CreateTimer(callback, state, dueTime, period);
        }

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            lock (_gate)
            {
                (_due, _period) = (Due(dueTime), period);
            }
            return _inner.Change(dueTime, period);
        }

        public void Step(TimeSpan step)
        {
            lock (_gate)
            {
                if (_due == DateTimeOffset.MaxValue)
                {
                    return;
                }
                _due -= step;
                var left = _due - System.GetUtcNow();
                _inner.Change(left > TimeSpan.Zero ? left : TimeSpan.Zero, _period);
            }
        }

        public void Dispose()
        {
            _owner.Remove(this);
            _inner.Dispose();
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }

        private static DateTimeOffset Due(TimeSpan dueTime) => dueTime == Timeout.InfiniteTimeSpan ? DateTimeOffset.MaxValue : System.GetUtcNow() + dueTime;
    }
}
