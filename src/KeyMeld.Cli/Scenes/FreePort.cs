using System.Net;
using System.Net.Sockets;

namespace KeyMeld.Cli.Scenes;

/// <summary>Ports nobody listens on now.</summary>
internal static class FreePort
{
    public static int Next()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
