using System.Net;
using System.Net.Sockets;
using Grpc.Net.Client;

namespace KeyMeld.Wire.Transport;

/// <summary>The gateway's end of the link to one enclave.</summary>
public static class EnclaveChannel
{
    /// <summary>Opens a channel; it connects with the first call and again by itself.</summary>
    /// <param name="address"><c>unix:PATH</c> or <c>vsock:CID:PORT</c>.</param>
    /// <exception cref="FormatException">The address is something else.</exception>
    public static GrpcChannel Open(string address) => Open(EnclaveAddress.Parse(address));

    /// <summary>Opens a channel; it connects with the first call and again by itself.</summary>
    /// <param name="address">Where the enclave listens.</param>
    /// <param name="closed">Called whenever a connection ended, for whatever reason: the first sign of an enclave that is gone. Must not throw or wait.</param>
    public static GrpcChannel Open(EnclaveAddress address, Action? closed = null) => Open(cancellation => LinkSocket.ConnectAsync(address, cancellation), null, closed);

    /// <summary>Opens a channel over a way of the caller's own.</summary>
    /// <param name="dial">Connects.</param>
    /// <param name="secure">Puts something between the connection and the calls, such as TLS; what it returns disposes of what it was given.</param>
    /// <param name="closed">Called whenever a connection ended. Must not throw or wait.</param>
    public static GrpcChannel Open(Func<CancellationToken, Task<Socket>> dial, Func<Stream, CancellationToken, Task<Stream>>? secure, Action? closed)
    {
        var handler = new SocketsHttpHandler
        {
            ConnectCallback = async (_, cancellation) =>
            {
                var stream = new WatchedStream(await dial(cancellation), closed);
                return secure is null ? stream : await secure(stream, cancellation);
            },
            ConnectTimeout = TimeSpan.FromSeconds(5),
            UseProxy = false,
            // No trace id, trace state or baggage goes into an enclave.
            ActivityHeadersPropagator = null,
            AllowAutoRedirect = false,
            UseCookies = false,
            AutomaticDecompression = DecompressionMethods.None,
            EnableMultipleHttp2Connections = true,
            PooledConnectionIdleTimeout = Timeout.InfiniteTimeSpan,
            KeepAlivePingDelay = TimeSpan.FromSeconds(30),
            KeepAlivePingTimeout = TimeSpan.FromSeconds(15),
        };
        // The authority is never resolved: the callback alone decides where the bytes go.
        return GrpcChannel.ForAddress("http://enclave", new GrpcChannelOptions
        {
            HttpHandler = handler,
            DisposeHttpClient = true,
            MaxReceiveMessageSize = WireLimits.MaxMessageBytes,
            MaxSendMessageSize = WireLimits.MaxMessageBytes,
            // Repeating is decided by who knows what a call does, never by the transport.
            MaxRetryAttempts = 1,
        });
    }

    // The handler always has a read outstanding on a connection, so it disposes of the stream as soon as the other end is gone.
    private sealed class WatchedStream(Socket socket, Action? closed) : NetworkStream(socket, ownsSocket: true)
    {
        private Action? _closed = closed;

        protected override void Dispose(bool disposing)
        {
            base.Dispose(disposing);
            Interlocked.Exchange(ref _closed, null)?.Invoke();
        }
    }
}
