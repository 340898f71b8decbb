namespace KeyMeld.Tests.Gateway.Support;

/// <summary>The day goes on, but no time passes between two calls: what is counted by the second is counted exactly.</summary>
internal sealed class FrozenTime : TimeProvider
{
    public override long GetTimestamp() => 1;
}
