using System.Globalization;

namespace KeyMeld.DevKit.Stack;

/// <summary>The addresses that <see cref="StackOptions.Transport"/> makes of enclaves and forwarder.</summary>
internal sealed class StackLinks(StackOptions options, StackLayout layout)
{
    /// <summary>VMADDR_CID_LOCAL of vsock(7): the machine itself.</summary>
    public const int LocalCid = 1;

    // Vsock ports are the whole machine's: those of a stack follow from its TCP port, which is its own.
    private const int PortsPerStack = 32;

    /// <summary>Whether KMS is reached through the forwarder.</summary>
    public bool AreForwarded => options.Transport is not StackTransport.Direct;

    public bool AreVsock => options.Transport is StackTransport.Vsock;

    /// <summary>The host name the enclaves know KMS by.</summary>
    public string KmsHost => $"kms.{options.Region}.amazonaws.com";

    /// <summary>Where an enclave listens, as it is called.</summary>
    public string Enclave(int id) => AreVsock ? Vsock(id) : $"unix:{layout.EnclaveSocket(id)}";

    /// <summary>Where the forwarder takes connections.</summary>
    public string Forwarder => AreVsock ? Vsock(PortsPerStack - 1) : $"unix:{Path.Combine(layout.Run, "kms.sock")}";

    private string Vsock(int index) => string.Create(CultureInfo.InvariantCulture, $"vsock:{LocalCid}:{(options.Port * PortsPerStack) + index}");
}
