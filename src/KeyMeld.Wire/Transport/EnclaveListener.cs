using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace KeyMeld.Wire.Transport;

/// <summary>The enclave's end of the link.</summary>
public static class EnclaveListener
{
    private const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    /// <summary>
    /// Makes Kestrel listen there, HTTP/2 only. A unix socket lies in a folder that only its owner may enter, and peers of another user are hung up on.
    /// Call <see cref="Protect"/> once it listens.
    /// </summary>
    /// <exception cref="IOException">The folder is open to others, or another process listens there already.</exception>
    public static void ListenOn(this KestrelServerOptions options, EnclaveAddress address)
    {
        switch (address)
        {
            case EnclaveAddress.UnixSocket unix:
                PrepareFolder(Path.GetDirectoryName(Path.GetFullPath(unix.Path))!);
                RemoveStale(unix.Path);
                options.ListenUnixSocket(Path.GetFullPath(unix.Path), listen =>
                {
                    listen.Protocols = HttpProtocols.Http2;
                    listen.Use(OnlyOwnUser);
                });
                break;
            default:
                throw new NotSupportedException(address.GetType().Name);
        }
    }

    /// <summary>Takes the socket file's rights away from everybody but its owner.</summary>
    public static void Protect(EnclaveAddress address)
    {
        if (address is EnclaveAddress.UnixSocket unix)
        {
            File.SetUnixFileMode(unix.Path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        }
    }

    private static void PrepareFolder(string folder)
    {
        if (!Directory.Exists(folder))
        {
            Directory.CreateDirectory(folder, Private);
            return;
        }
        if ((File.GetUnixFileMode(folder) & ~Private) != UnixFileMode.None)
        {
            throw new IOException($"The folder {folder} of the enclave's socket is open to others; run: chmod 700 {folder}");
        }
    }

    // A socket left behind by a crash answers nobody; one that answers belongs to a running enclave.
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

    private static ConnectionDelegate OnlyOwnUser(ConnectionDelegate next) => connection =>
    {
        var socket = connection.Features.Get<IConnectionSocketFeature>()?.Socket;
        if (socket is null || !UnixPeer.IsOwnUser(socket))
        {
            connection.Abort(new ConnectionAbortedException("The peer is another user."));
            return Task.CompletedTask;
        }
        return next(connection);
    };
}
