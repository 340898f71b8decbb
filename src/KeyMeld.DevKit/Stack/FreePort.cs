using System.Net;
using System.Net.Sockets;

namespace KeyMeld.DevKit.Stack;

/// <summary>Ports nobody listens on now.</summary>
public static class FreePort
{
    /// <summary>A port of this machine that the system chose and nobody has yet.</summary>
    public static int Next()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
