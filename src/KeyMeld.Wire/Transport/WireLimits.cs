namespace KeyMeld.Wire.Transport;

/// <summary>Bounds of the link between gateway and enclave; both ends use the same.</summary>
public static class WireLimits
{
    /// <summary>Largest message in either direction, in bytes.</summary>
    public const int MaxMessageBytes = 32 * 1024 * 1024;

    /// <summary>Largest message of calls in an exchange, in bytes.</summary>
    public const int MaxExchangeBytes = 256 * 1024;

    /// <summary>Most calls of one message of an exchange.</summary>
    public const int MaxExchangedCalls = 256;

    /// <summary>Largest call that travels in an exchange, in bytes; four of them fit into a message.</summary>
    public const int MaxExchangedCallBytes = MaxExchangeBytes / 4 - 1024;
}
