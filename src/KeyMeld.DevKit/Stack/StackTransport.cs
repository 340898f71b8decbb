namespace KeyMeld.DevKit.Stack;

/// <summary>How the parts of the development stack reach each other.</summary>
public enum StackTransport
{
    /// <summary>Gateway to enclave by unix socket, enclave to KMS by HTTP.</summary>
    Direct,

    /// <summary>Enclave to KMS as on Nitro, TLS in the enclave and the bytes through the gateway's forwarder, all by unix socket.</summary>
    Forwarded,

    /// <summary>As on Nitro, by AF_VSOCK: needs the kernel's vsock_loopback, by which this machine is its own parent and enclave.</summary>
    Vsock,
}
