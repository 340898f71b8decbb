using KeyMeld.Wire.Transport;

namespace KeyMeld.Tests.Transport;

public sealed class UnixLinkTests : LinkContract, IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("keymeld-link-").FullName;
    private int _sockets;

    protected override PeerRule Own => new();

    protected override string NobodyThere => "E(NOENT|CONNREFUSED)";

    protected override EnclaveAddress NewAddress() => EnclaveAddress.Parse($"unix:{_folder}/{++_sockets}.sock");

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}
