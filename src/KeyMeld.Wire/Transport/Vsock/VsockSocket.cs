// AF_VSOCK with the managed Socket: its constructor refuses the family, but adopts a handle that socket(2) made. Bind, Listen, AcceptAsync and ConnectAsync are
// the managed ones then: they repeat what a signal interrupted (EINTR), and NetworkStream refuses a handle that was connected natively.
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace KeyMeld.Wire.Transport.Vsock;

internal static partial class VsockSocket
{
    private const int Stream = 1;
    private const int CloseOnExec = 0x80000;

    /// <exception cref="TransportException">This kernel has no vsock.</exception>
    public static Socket Create(VsockEndPoint endPoint)
    {
        var handle = NativeSocket(VsockEndPoint.Family, Stream | CloseOnExec, 0);
        return handle >= 0
            ? new Socket(new SafeSocketHandle(handle, ownsHandle: true))
            : throw new TransportException("socket", endPoint.ToString(), Marshal.GetLastPInvokeError());
    }

    [LibraryImport("libc", EntryPoint = "socket", SetLastError = true)]
    private static partial int NativeSocket(int domain, int type, int protocol);
}
