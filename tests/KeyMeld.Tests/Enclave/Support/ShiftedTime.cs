namespace KeyMeld.Tests.Enclave.Support;

/// <summary>The machine's time, moved.</summary>
internal sealed class ShiftedTime : TimeProvider
{
    public TimeSpan Shift { get; set; }

    public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + Shift;
}
