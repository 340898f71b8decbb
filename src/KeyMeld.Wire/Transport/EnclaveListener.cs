using KeyMeld.Wire.Transport.Vsock;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace KeyMeld.Wire.Transport;

/// <summary>The enclave's end of the link.</summary>
public static class EnclaveListener
{
    /// <summary>
    /// Makes Kestrel listen there, HTTP/2 only. A unix socket lies in a folder that only its owner may enter; whom <paramref name="peers"/> does not admit is hung up on.
    /// Call <see cref="Protect"/> once it listens. A vsock port needs <see cref="VsockWebHostExtensions.UseVsock"/>.
    /// </summary>
    /// <exception cref="IOException">The folder is open to others, or another process listens there already.</exception>
    public static void ListenOn(this KestrelServerOptions options, EnclaveAddress address, PeerRule peers)
    {
        if (address is EnclaveAddress.UnixSocket unix)
        {
            UnixSocketFile.Prepare(unix.Path);
            options.ListenUnixSocket(Path.GetFullPath(unix.Path), Configure);
        }
        else
        {
            options.Listen(LinkSocket.EndPointOf(address), Configure);
        }

        void Configure(ListenOptions listen)
        {
            listen.Protocols = HttpProtocols.Http2;
            listen.Use(next => connection => AdmitAsync(connection, peers, next));
        }
    }

    /// <summary>Takes the socket file's rights away from everybody but its owner.</summary>
    public static void Protect(EnclaveAddress address)
    {
        if (address is EnclaveAddress.UnixSocket unix)
        {
            UnixSocketFile.Protect(unix.Path);
        }
    }

    private static Task AdmitAsync(ConnectionContext connection, PeerRule peers, ConnectionDelegate next)
    {
        var socket = connection.Features.Get<IConnectionSocketFeature>()?.Socket;
        if (socket is null || !peers.Admits(socket))
        {
            connection.Abort(new ConnectionAbortedException("The peer may not connect."));
            return Task.CompletedTask;
        }
        return next(connection);
    }
}
