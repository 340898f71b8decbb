namespace KeyMeld.Tests.Gateway.Support;

/// <summary>The day goes on, but no time passes between two calls unless the test says so: what is counted by the second is counted exactly.</summary>
internal sealed class FrozenTime : TimeProvider
{
    private long _now = 1;

    public override long GetTimestamp() => Interlocked.Read(ref _now);

    /// <summary>So much later everything that was taken is paid off.</summary>
    public void Pass(TimeSpan time) => Interlocked.Add(ref _now, (long)(time.TotalSeconds * TimestampFrequency));
}
