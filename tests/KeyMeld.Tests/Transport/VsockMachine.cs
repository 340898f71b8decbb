using KeyMeld.Wire.Transport;
using KeyMeld.Wire.Transport.Vsock;

namespace KeyMeld.Tests.Transport;

/// <summary>Whether this machine's own kernel has vsock_loopback. Where it has not, eng/vsock-vm.sh runs every class named …LinkTests in a virtual machine that has, and there nothing is skipped.</summary>
internal static class VsockMachine
{
    private static uint _ports = (uint)Environment.ProcessId * 64;

    /// <summary>A port nobody listens on yet.</summary>
    public static uint NextPort() => Interlocked.Increment(ref _ports);

    public static void Require()
    {
        if (Environment.GetEnvironmentVariable("KEYMELD_VSOCK") != "required")
        {
            Assert.SkipUnless(IsThere(), "This kernel has no vsock_loopback; eng/vsock-vm.sh runs this test in a virtual machine.");
        }
    }

    private static bool IsThere()
    {
        try
        {
            using var listener = LinkSocket.Listen(new EnclaveAddress.VsockPort(VsockEndPoint.LocalCid, NextPort()));
            return true;
        }
        catch (TransportException)
        {
            return false;
        }
    }
}
