using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace KeyMeld.Wire.Transport.Vsock;

/// <summary>Lets Kestrel listen on vsock ports, beside what it listens on by itself.</summary>
public sealed class VsockListenerFactory(ILoggerFactory loggers) : IConnectionListenerFactory, IConnectionListenerFactorySelector
{
    /// <inheritdoc/>
    public bool CanBind(EndPoint endpoint) => endpoint is VsockEndPoint;

    /// <inheritdoc/>
    public ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default)
    {
        var place = (VsockEndPoint)endpoint;
        var socket = LinkSocket.Listen(new EnclaveAddress.VsockPort(place.Cid, place.Port));
        return new(new Listener(socket, endpoint, new SocketConnectionContextFactory(new SocketConnectionFactoryOptions(), loggers.CreateLogger<VsockListenerFactory>())));
    }

    private sealed class Listener(Socket socket, EndPoint endpoint, SocketConnectionContextFactory contexts) : IConnectionListener
    {
        public EndPoint EndPoint => endpoint;

        public async ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default)
        {
            while (true)
            {
                try
                {
                    return contexts.Create(await socket.AcceptAsync(cancellationToken));
                }
                catch (Exception exception) when (exception is ObjectDisposedException or OperationCanceledException
                    or SocketException { SocketErrorCode: SocketError.OperationAborted or SocketError.NotSocket })
                {
                    return null;
                }
                catch (SocketException)
                {
                    // That one connection broke before it was taken; the next one will do.
                    await Task.Yield();
                }
            }
        }

        public ValueTask UnbindAsync(CancellationToken cancellationToken = default)
        {
            socket.Dispose();
            return default;
        }

        public ValueTask DisposeAsync()
        {
            socket.Dispose();
            contexts.Dispose();
            return default;
        }
    }
}

/// <summary>Registers <see cref="VsockListenerFactory"/>.</summary>
public static class VsockWebHostExtensions
{
    /// <summary>Adds it beside the listeners Kestrel has by itself; call it after <c>UseKestrelCore</c>.</summary>
    public static IWebHostBuilder UseVsock(this IWebHostBuilder builder) =>
        builder.ConfigureServices(services => services.AddSingleton<IConnectionListenerFactory, VsockListenerFactory>());
}
