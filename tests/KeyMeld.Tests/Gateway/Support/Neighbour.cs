using System.Net;
using System.Net.Sockets;
using System.Text;

namespace KeyMeld.Tests.Gateway.Support;

/// <summary>Another machine, as far as a gateway can tell: it calls from an address of its own (all of 127.0.0.0/8 is this machine).</summary>
internal sealed class Neighbour(string address, string gateway) : IDisposable
{
    private readonly List<IDisposable> _opened = [];
    private readonly Uri _gateway = new(gateway);

    /// <summary>A connection that the caller writes to and reads from as it likes.</summary>
    public async Task<RawConnection> ConnectAsync()
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        _opened.Add(socket);
        socket.Bind(new IPEndPoint(IPAddress.Parse(address), 0));
        try
        {
            await socket.ConnectAsync(IPAddress.Parse(_gateway.Host), _gateway.Port, TestContext.Current.CancellationToken);
        }
        catch (SocketException exception) when (exception.SocketErrorCode == SocketError.ConnectionReset)
        {
            // Hung up on before it was through: reading shows it.
        }
        return new RawConnection(socket);
    }

    public async Task<RawConnection> ConnectAsync(string first)
    {
        var connection = await ConnectAsync();
        await connection.WriteAsync(first);
        return connection;
    }

    /// <summary>A client as others are.</summary>
    public HttpClient Client()
    {
        var client = new HttpClient(new SocketsHttpHandler
        {
            ConnectCallback = async (_, cancellation) =>
            {
                var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
                socket.Bind(new IPEndPoint(IPAddress.Parse(address), 0));
                await socket.ConnectAsync(IPAddress.Parse(_gateway.Host), _gateway.Port, cancellation);
                return new NetworkStream(socket, ownsSocket: true);
            },
        })
        {
            BaseAddress = _gateway,
        };
        _opened.Add(client);
        return client;
    }

    public void Dispose() => _opened.ForEach(opened => opened.Dispose());
}

/// <summary>A connection without any idea of HTTP.</summary>
internal sealed class RawConnection(Socket socket)
{
    // Beyond any real delay: ends a test that would otherwise hang.
    private static readonly TimeSpan Guard = TimeSpan.FromMinutes(5);

    public async Task WriteAsync(string text)
    {
        try
        {
            await socket.SendAsync(Encoding.ASCII.GetBytes(text), TestContext.Current.CancellationToken);
        }
        catch (SocketException)
        {
            // Hung up on already: what was answered shows it.
        }
    }

    /// <summary>Everything that comes until the gateway hangs up.</summary>
    public async Task<string> ReadToEndAsync()
    {
        using var guard = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        guard.CancelAfter(Guard);
        var text = new StringBuilder();
        var buffer = new byte[4096];
        try
        {
            while (await socket.ReceiveAsync(buffer, guard.Token) is > 0 and var count)
            {
                text.Append(Encoding.UTF8.GetString(buffer, 0, count));
            }
        }
        catch (SocketException)
        {
        }
        return text.ToString();
    }

    /// <summary>The first line of an answer; empty when the gateway hangs up without one.</summary>
    public async Task<string> ReadStatusAsync()
    {
        using var guard = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        guard.CancelAfter(Guard);
        var line = new StringBuilder();
        var one = new byte[1];
        try
        {
            while (await socket.ReceiveAsync(one, guard.Token) > 0 && one[0] != '\n')
            {
                line.Append((char)one[0]);
            }
        }
        catch (SocketException)
        {
        }
        return line.ToString().TrimEnd('\r');
    }

    public void Close() => socket.Dispose();
}
