namespace KeyMeld.Tests.Gateway.Support;

/// <summary>Real time in which nothing comes that is set for half a minute or longer: what happens all the same was brought about by something quicker.</summary>
internal sealed class ShortTimers : TimeProvider
{
    private static readonly TimeSpan Never = TimeSpan.FromSeconds(30);

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) => System.CreateTimer(callback, state, Short(dueTime), Short(period));

    private static TimeSpan Short(TimeSpan time) => time >= Never ? Timeout.InfiniteTimeSpan : time;
}
