using System.Net;
using System.Net.Sockets;
using KeyMeld.Wire.Transport.Vsock;

namespace KeyMeld.Wire.Transport;

/// <summary>Sockets of the link between enclave and parent, whichever family the address is of.</summary>
public static class LinkSocket
{
    private const int Backlog = 128;

    /// <summary>A connected stream socket; the caller disposes of it.</summary>
    /// <param name="address">Where to.</param>
    /// <param name="cancellation">Stops waiting.</param>
    /// <exception cref="TransportException">Nobody answers there; the message names errno.</exception>
    public static async Task<Socket> ConnectAsync(EnclaveAddress address, CancellationToken cancellation)
    {
        var (socket, endPoint) = Create(address);
        try
        {
            await socket.ConnectAsync(endPoint, cancellation);
            return socket;
        }
        catch (SocketException exception)
        {
            socket.Dispose();
            throw new TransportException("connect", address.ToString(), SecondTry.Connect(endPoint) ?? exception.ErrorCode, exception);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>A listening stream socket. Of a unix one, folder and file are for their owner alone.</summary>
    /// <param name="address">Where.</param>
    /// <exception cref="IOException">It cannot listen there; <see cref="TransportException"/> names errno.</exception>
    public static Socket Listen(EnclaveAddress address)
    {
        if (address is EnclaveAddress.UnixSocket file)
        {
            UnixSocketFile.Prepare(file.Path);
        }
        var (socket, endPoint) = Create(address);
        try
        {
            socket.Bind(endPoint);
            socket.Listen(Backlog);
            if (address is EnclaveAddress.UnixSocket made)
            {
                UnixSocketFile.Protect(made.Path);
            }
            return socket;
        }
        catch (SocketException exception)
        {
            socket.Dispose();
            throw new TransportException("bind", address.ToString(), SecondTry.Bind(endPoint) ?? exception.ErrorCode, exception);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    internal static EndPoint EndPointOf(EnclaveAddress address) => address switch
    {
        EnclaveAddress.UnixSocket unix => new UnixDomainSocketEndPoint(unix.Path),
        EnclaveAddress.VsockPort vsock => new VsockEndPoint(vsock.Cid, vsock.Port),
        _ => throw new NotSupportedException(address.GetType().Name),
    };

    private static (Socket Socket, EndPoint EndPoint) Create(EnclaveAddress address)
    {
        var endPoint = EndPointOf(address);
        return (endPoint is VsockEndPoint vsock ? VsockSocket.Create(vsock) : new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified), endPoint);
    }
}
