// Who is at the other end of a unix socket: SO_PEERCRED, unix(7).
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace KeyMeld.Wire.Transport;

internal static partial class UnixPeer
{
    private const int SolSocket = 1;
    private const int SoPeerCred = 17;

    /// <summary>Whether the process that connected runs as this process's own user.</summary>
    public static bool IsOwnUser(Socket socket) => IsUser(socket, EffectiveUser());

    internal static bool IsUser(Socket socket, uint user)
    {
        // struct ucred { pid_t pid; uid_t uid; gid_t gid; }
        Span<byte> credentials = stackalloc byte[12];
        return socket.GetRawSocketOption(SolSocket, SoPeerCred, credentials) == 12 && MemoryMarshal.Read<uint>(credentials[4..]) == user;
    }

    [LibraryImport("libc", EntryPoint = "geteuid")]
    internal static partial uint EffectiveUser();
}
