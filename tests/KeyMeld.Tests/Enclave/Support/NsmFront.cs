using System.Buffers.Binary;
using System.Net.Sockets;
using KeyMeld.DevKit.Nsm.Sockets;

namespace KeyMeld.Tests.Enclave.Support;

/// <summary>A module at a socket of its own that answers what the test says, by itself or from the real simulator behind it.</summary>
internal sealed class NsmFront : IAsyncDisposable
{
    private readonly Socket _listener;
    private readonly CancellationTokenSource _stop = new();
    private readonly Func<byte[], Func<byte[]>, byte[]> _answer;
    private readonly string? _behind;
    private readonly Task _accepting;

    private NsmFront(string path, string? behind, Func<byte[], Func<byte[]>, byte[]> answer)
    {
        (Path, _behind, _answer) = (path, behind, answer);
        _listener = PrivateSocket.Listen(path);
        _accepting = AcceptAsync();
    }

    public string Path { get; }

    /// <param name="path">The front's socket.</param>
    /// <param name="behind">The simulator's socket; null when nobody is behind.</param>
    /// <param name="answer">From the request, and a way to ask the module behind, the answer.</param>
    public static NsmFront Start(string path, string? behind, Func<byte[], Func<byte[]>, byte[]> answer) => new(path, behind, answer);

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Dispose();
        await _accepting;
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        var connections = new List<Task>();
        try
        {
            while (true)
            {
                connections.Add(ServeAsync(await _listener.AcceptAsync(_stop.Token)));
            }
        }
        catch (Exception exception) when (exception is OperationCanceledException or SocketException or ObjectDisposedException)
        {
        }
        await Task.WhenAll(connections);
    }

    private async Task ServeAsync(Socket connection)
    {
        await Task.Yield();
        using (connection)
        using (var module = _behind is null ? null : new Module(_behind))
        {
            try
            {
                await FrameConnection.ServeAsync(connection, request => _answer(request.ToArray(), () => module!.Ask(request.Span)), _stop.Token);
            }
            catch (Exception exception) when (exception is IOException or OperationCanceledException or SocketException)
            {
                // The enclave was killed, or the test is over.
            }
        }
    }

    private sealed class Module : IDisposable
    {
        private readonly NetworkStream _stream;

        public Module(string path)
        {
            var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            socket.Connect(new UnixDomainSocketEndPoint(path));
            _stream = new NetworkStream(socket, ownsSocket: true);
        }

        public byte[] Ask(ReadOnlySpan<byte> request)
        {
            var length = new byte[4];
            BinaryPrimitives.WriteInt32BigEndian(length, request.Length);
            _stream.Write(length);
            _stream.Write(request);
            _stream.ReadExactly(length);
            var answer = new byte[BinaryPrimitives.ReadInt32BigEndian(length)];
            _stream.ReadExactly(answer);
            return answer;
        }

        public void Dispose() => _stream.Dispose();
    }
}
