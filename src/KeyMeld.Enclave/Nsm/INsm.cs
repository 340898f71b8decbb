namespace KeyMeld.Enclave.Nsm;

/// <summary>
/// The Nitro Secure Module as far as an enclave needs it. Implementations: the device, and the simulator's socket. Calls are synchronous, as the device is;
/// they are serialised by the implementation and fail with <see cref="NsmException"/> only.
/// </summary>
public interface INsm
{
    /// <summary>Sends one CBOR request and returns the CBOR answer, both within the device's limits.</summary>
    byte[] Exchange(ReadOnlySpan<byte> request);
}
