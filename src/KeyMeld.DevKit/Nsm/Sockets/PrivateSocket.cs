using System.Net.Sockets;
using System.Text;

namespace KeyMeld.DevKit.Nsm.Sockets;

/// <summary>A listening unix socket nobody else on the machine can reach: 0600 in a folder of 0700.</summary>
internal static class PrivateSocket
{
    /// <summary>sun_path without its final zero.</summary>
    public const int MaxPathBytes = 107;

    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const int Backlog = 16;

    public static Socket Listen(string path)
    {
        if (Encoding.UTF8.GetByteCount(path) > MaxPathBytes)
        {
            throw new IOException($"{path} is too long for a unix socket; {MaxPathBytes} bytes are the limit.");
        }
        PrepareFolder(Path.GetDirectoryName(Path.GetFullPath(path))!);
        RemoveStale(path);
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            socket.Bind(new UnixDomainSocketEndPoint(path));
            // Until here the folder keeps others out.
            File.SetUnixFileMode(path, OwnerOnly);
            socket.Listen(Backlog);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private static void PrepareFolder(string folder)
    {
        var mode = OwnerOnly | UnixFileMode.UserExecute;
        if ((File.GetUnixFileMode(Directory.CreateDirectory(folder, mode).FullName) & ~mode) != 0)
        {
            throw new IOException($"The folder {folder} is open to others; sockets belong into one that only its owner enters (chmod 700).");
        }
    }

    private static void RemoveStale(string path)
    {
        if (!File.Exists(path))
        {
            return;
        }
        if (IsRegularFile(path))
        {
            throw new IOException($"{path} is a file, not a socket; it is left alone. Name another path.");
        }
        using var probe = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            probe.Connect(new UnixDomainSocketEndPoint(path));
        }
        catch (SocketException)
        {
            File.Delete(path);
            return;
        }
        throw new IOException($"Somebody listens at {path} already; stop it first.");
    }

    /// <summary>Opening a socket as a file fails; opening a file does not.</summary>
    private static bool IsRegularFile(string path)
    {
        try
        {
            using var file = File.OpenHandle(path);
            return true;
        }
        catch (IOException)
        {
            return false;
        }
    }
}
