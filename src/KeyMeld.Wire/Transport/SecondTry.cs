// connect(2) and bind(2) once more, natively: the managed socket keeps no error number that it has no word for, such as ENODEV, "no transport to that context id".
using System.Buffers.Binary;
using System.Net;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace KeyMeld.Wire.Transport;

/// <summary>Finds out the error number of what has just failed, for the message alone.</summary>
internal static partial class SecondTry
{
    private const int Stream = 1;
    private const int CloseOnExec = 0x80000;
    private const int NonBlocking = 0x800;
    private const int TryAgain = 11;
    private const int InProgress = 115;

    /// <summary>Null where a second try did not fail, or not at once.</summary>
    public static int? Connect(EndPoint endPoint) => Error(endPoint, NativeConnect);

    /// <inheritdoc cref="Connect"/>
    public static int? Bind(EndPoint endPoint) => Error(endPoint, NativeBind);

    private static int? Error(EndPoint endPoint, Call call)
    {
        var address = endPoint.Serialize();
        var bytes = address.Buffer.Span[..address.Size];
        using var handle = new SafeFileHandle(NativeSocket(BinaryPrimitives.ReadUInt16LittleEndian(bytes), Stream | CloseOnExec | NonBlocking, 0), ownsHandle: true);
        if (!handle.IsInvalid && call(handle, bytes, bytes.Length) == 0)
        {
            return null;
        }
        return Marshal.GetLastPInvokeError() is not (TryAgain or InProgress) and var errno ? errno : null;
    }

    private delegate int Call(SafeFileHandle socket, ReadOnlySpan<byte> address, int length);

    [LibraryImport("libc", EntryPoint = "socket", SetLastError = true)]
    private static partial int NativeSocket(int domain, int type, int protocol);

    [LibraryImport("libc", EntryPoint = "connect", SetLastError = true)]
    private static partial int NativeConnect(SafeFileHandle socket, ReadOnlySpan<byte> address, int length);

    [LibraryImport("libc", EntryPoint = "bind", SetLastError = true)]
    private static partial int NativeBind(SafeFileHandle socket, ReadOnlySpan<byte> address, int length);
}
