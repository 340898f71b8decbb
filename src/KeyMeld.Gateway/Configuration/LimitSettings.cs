namespace KeyMeld.Gateway.Configuration;

/// <summary>What one caller may take from the others.</summary>
internal sealed record LimitSettings
{
    /// <summary>Calls a second of one address, on average.</summary>
    public required int CallsPerSecond { get; init; }

    /// <summary>Calls a second by one key, on average, from wherever they come.</summary>
    public required int CallsPerSecondOfKey { get; init; }

    /// <summary>Attested identities a second of one address: each costs the enclave an attestation document.</summary>
    public required int IdentitiesPerSecond { get; init; }

    /// <summary>Open connections altogether, and of one address.</summary>
    public required int Connections { get; init; }
    public required int ConnectionsPerAddress { get; init; }

    /// <summary>Calls that wait for a state (<c>Prefer: wait</c>) and event streams, altogether and of one address.</summary>
    public required int Waits { get; init; }
    public required int WaitsPerAddress { get; init; }

    /// <summary>Bodies over 1 MiB held in memory at once; one address has half of them.</summary>
    public required int LargeBodies { get; init; }

    /// <summary>Bytes of other bodies that are being read, altogether; one address has an eighth.</summary>
    public required int BodyBytes { get; init; }

    /// <summary>Longest time a body may take; one over 1 MiB has four times as long.</summary>
    public required TimeSpan BodyTime { get; init; }

    /// <summary>Longest time a TLS handshake may take, and the line and headers of a call.</summary>
    public required TimeSpan HeaderTime { get; init; }

    /// <summary>How long a connection may carry nothing between two calls, or before the first.</summary>
    public required TimeSpan Idle { get; init; }
}
