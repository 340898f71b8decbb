namespace KeyMeld.Enclave.Clock;

/// <summary>The only clock decisions are made by: never the host's, never the gateway's word.</summary>
public abstract class EnclaveClock
{
    /// <summary>Unix milliseconds.</summary>
    /// <exception cref="KeyMeld.Protocol.Errors.KeyMeldException">The time is not known well enough: <c>attestation_unavailable</c> or <c>clock_skewed</c>.</exception>
    public abstract long NowMs { get; }
}
