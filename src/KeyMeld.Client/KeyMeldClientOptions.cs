namespace KeyMeld.Client;

/// <summary>What may be set besides gateway, policy and profile. Nothing here weakens a verification.</summary>
public sealed record KeyMeldClientOptions
{
    /// <summary>The clock that created, expires and the age of attestation documents are measured with; the system's by default.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>How long one call may take, not counting the time the gateway was asked to wait; 30 seconds by default.</summary>
    public TimeSpan CallTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// How often a call is made again, after pauses from a tenth of a second, where the connection was refused or broke, or a proxy found no gateway behind it; 4 by default. No call does anything a second
    /// time that it did before, so that one gateway of several may die at any moment. A call that is not answered in time is not made again.
    /// </summary>
    public int Retries { get; init; } = 4;

    /// <summary>Tests put a hostile gateway here; otherwise the client makes its own handler.</summary>
    internal HttpMessageHandler? Handler { get; init; }
}
