using System.Net.Sockets;

namespace KeyMeld.Wire.Transport;

/// <summary>The file of a listening unix socket: in a folder that only its owner may enter, itself for its owner alone.</summary>
internal static class UnixSocketFile
{
    private const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    /// <summary>Makes the folder, or checks it, and takes away what a crash left behind.</summary>
    /// <exception cref="IOException">The folder is open to others, or another process listens there already.</exception>
    public static void Prepare(string path)
    {
        PrepareFolder(Path.GetDirectoryName(Path.GetFullPath(path))!);
        RemoveStale(path);
    }

    /// <summary>Takes the socket file's rights away from everybody but its owner.</summary>
    public static void Protect(string path) => File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);

    private static void PrepareFolder(string folder)
    {
        if (!Directory.Exists(folder))
        {
            Directory.CreateDirectory(folder, Private);
            return;
        }
        if ((File.GetUnixFileMode(folder) & ~Private) != UnixFileMode.None)
        {
            throw new IOException($"The folder {folder} of this socket is open to others; run: chmod 700 {folder}");
        }
    }

    // A socket left behind by a crash answers nobody; one that answers belongs to a running process.
    private static void RemoveStale(string path)
    {
        if (!File.Exists(path))
        {
            return;
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
        throw new IOException($"Another process listens on {path} already.");
    }
}
