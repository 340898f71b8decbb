// AF_VSOCK with the managed Socket: its constructor refuses the family, but adopts a handle that socket(2) made. Bind, Listen, AcceptAsync and ConnectAsync are
// the managed ones then: they repeat what a signal interrupted (EINTR), and NetworkStream refuses a handle that was connected natively.
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace KeyMeld.Wire.Transport.Vsock;

internal static partial class VsockSocket
{
    private const int Stream = 1;
    private const int CloseOnExec = 0x80000;
    private const int NonBlocking = 0x800;

    /// <exception cref="TransportException">This kernel has no vsock.</exception>
    public static Socket Create(VsockEndPoint endPoint)
    {
        var handle = NativeSocket(VsockEndPoint.Family, Stream | CloseOnExec, 0);
        return handle >= 0
            ? new Socket(new SafeSocketHandle(handle, ownsHandle: true))
            : throw new TransportException("socket", endPoint.ToString(), Marshal.GetLastPInvokeError());
    }

    /// <summary>
    /// The errno of connecting there: the managed socket keeps none that it does not know, such as ENODEV, "no transport to that context id", but reports these at once;
    /// so does a second try.
    /// </summary>
    public static int ConnectError(VsockEndPoint endPoint)
    {
        using var handle = new SafeFileHandle(NativeSocket(VsockEndPoint.Family, Stream | CloseOnExec | NonBlocking, 0), ownsHandle: true);
        return !handle.IsInvalid && NativeConnect(handle, endPoint.Serialize().Buffer.Span, VsockEndPoint.AddressBytes) == 0 ? 0 : Marshal.GetLastPInvokeError();
    }

    /// <summary>The errno of listening there, for the same reason.</summary>
    public static int BindError(VsockEndPoint endPoint)
    {
        using var handle = new SafeFileHandle(NativeSocket(VsockEndPoint.Family, Stream | CloseOnExec, 0), ownsHandle: true);
        return !handle.IsInvalid && NativeBind(handle, endPoint.Serialize().Buffer.Span, VsockEndPoint.AddressBytes) == 0 ? 0 : Marshal.GetLastPInvokeError();
    }

    [LibraryImport("libc", EntryPoint = "socket", SetLastError = true)]
    private static partial int NativeSocket(int domain, int type, int protocol);

    [LibraryImport("libc", EntryPoint = "connect", SetLastError = true)]
    private static partial int NativeConnect(SafeFileHandle socket, ReadOnlySpan<byte> address, int length);

    [LibraryImport("libc", EntryPoint = "bind", SetLastError = true)]
    private static partial int NativeBind(SafeFileHandle socket, ReadOnlySpan<byte> address, int length);
}
