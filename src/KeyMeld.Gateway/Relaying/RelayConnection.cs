using System.ComponentModel;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using Grpc.Net.Client;
using KeyMeld.Gateway.Configuration;
using KeyMeld.Wire.Transport;

namespace KeyMeld.Gateway.Relaying;

/// <summary>The way to an enclave, whether it is one of this host or of another.</summary>
internal static class RelayConnection
{
    /// <summary>Opens a channel; it connects with the first call and again by itself.</summary>
    /// <param name="enclave">Where it is.</param>
    /// <param name="relay">Who this gateway is to other hosts; present wherever an address needs it.</param>
    /// <param name="closed">Called whenever a connection ended.</param>
    public static GrpcChannel Open(EnclaveSettings enclave, RelaySettings? relay, Action closed) =>
        RelayAddress.TryParse(enclave.Address, out var address) && relay is not null
            ? EnclaveChannel.Open(cancellation => DialAsync(address, cancellation), (stream, cancellation) => SecureAsync(stream, address, enclave.Id, relay, cancellation), closed)
            : EnclaveChannel.Open(EnclaveAddress.Parse(enclave.Address), closed);

    private static async Task<Socket> DialAsync(RelayAddress address, CancellationToken cancellation)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(address.Host, address.Port, cancellation);
            return socket;
        }
        catch (SocketException exception)
        {
            socket.Dispose();
            throw new TransportException("connect", address.ToString(), exception.NativeErrorCode, exception);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <exception cref="IOException">The other side is not who it should be, does not take this gateway, or has no such enclave. Under TLS 1.3 the latter two may show only with the first read.</exception>
    private static async Task<Stream> SecureAsync(Stream stream, RelayAddress address, uint enclave, RelaySettings relay, CancellationToken cancellation)
    {
        var protocol = RelayAddress.ProtocolOf(enclave);
        var secure = new SslStream(stream);
        try
        {
            await secure.AuthenticateAsClientAsync(RelayTrust.Client(relay, address.Host, protocol), cancellation);
            return secure.NegotiatedApplicationProtocol == protocol ? secure : throw new IOException($"{address} is no relay of enclave {enclave}.");
        }
        catch (Exception exception) when (exception is AuthenticationException or CryptographicException or Win32Exception)
        {
            await secure.DisposeAsync();
            throw new IOException($"{address}: {exception.Message}", exception);
        }
        catch
        {
            await secure.DisposeAsync();
            throw;
        }
    }
}
