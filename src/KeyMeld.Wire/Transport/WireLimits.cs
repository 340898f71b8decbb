namespace KeyMeld.Wire.Transport;

/// <summary>Bounds of the link between gateway and enclave; both ends use the same.</summary>
public static class WireLimits
{
    /// <summary>Largest message in either direction, in bytes.</summary>
    public const int MaxMessageBytes = 32 * 1024 * 1024;
}
