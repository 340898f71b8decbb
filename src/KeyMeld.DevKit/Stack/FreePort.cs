// ip(7) and socket(7), SO_REUSEADDR: who binds to a port by its number shares it with who bound it and does not listen; to who asks for any port the kernel gives none that is bound.
using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace KeyMeld.DevKit.Stack;

/// <summary>Ports for programs that are told theirs before they start.</summary>
public static class FreePort
{
    // Bound and not listening: as long as this process lives nobody is given such a port who asks for any, and the one it is meant for binds to it, as often as it likes.
    private static readonly ConcurrentBag<Socket> Held = [];

    /// <summary>A port of 127.0.0.1 that the system chose. It stays kept for who is told its number, until this process ends; nobody listens there yet.</summary>
    public static int Next()
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        Held.Add(socket);
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }
}
