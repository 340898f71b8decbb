using KeyMeld.Enclave.Clock;

namespace KeyMeld.Tests.Enclave.Rounds;

/// <summary>An enclave's own clock, standing still until a test moves it.</summary>
internal sealed class ManualClock : EnclaveClock
{
    public long Now { get; set; } = 1_800_000_000_000;

    public override long NowMs => Now;

    public void Advance(TimeSpan by) => Now += (long)by.TotalMilliseconds;
}
