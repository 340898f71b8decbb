namespace KeyMeld.Client;

/// <summary>What may be set besides gateway, policy and profile. Nothing here weakens a verification.</summary>
public sealed record KeyMeldClientOptions
{
    /// <summary>The clock that created, expires and the age of attestation documents are measured with; the system's by default.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>How long one call may take, not counting the time the gateway was asked to wait; 30 seconds by default.</summary>
    public TimeSpan CallTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Tests put a hostile gateway here; otherwise the client makes its own handler.</summary>
    internal HttpMessageHandler? Handler { get; init; }
}
