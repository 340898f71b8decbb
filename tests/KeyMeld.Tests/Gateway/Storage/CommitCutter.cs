using System.Net;
using System.Net.Sockets;
using System.Text;

namespace KeyMeld.Tests.Gateway.Storage;

/// <summary>A network between gateway and server that breaks at a commit: before the server hears of it, or before its answer comes back. Everything else goes through.</summary>
internal sealed class CommitCutter : IAsyncDisposable
{
    private static readonly byte[] Commit = Encoding.ASCII.GetBytes("COMMIT\0");

    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly int _server;
    private readonly CancellationTokenSource _stopping = new();
    private readonly Task _loop;
    private volatile int _cut;

    public CommitCutter(int server)
    {
        _server = server;
        _listener.Start();
        _loop = AcceptAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>The next commit never reaches the server.</summary>
    public void CutBefore() => _cut = 1;

    /// <summary>The next commit reaches the server, its answer nobody.</summary>
    public void CutAfter() => _cut = 2;

    /// <summary>Whether it has happened.</summary>
    public bool HasCut => _cut == 0;

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        _listener.Stop();
        await _loop;
        _stopping.Dispose();
    }

    private async Task AcceptAsync()
    {
        var links = new List<Task>();
        try
        {
            while (true)
            {
                links.Add(LinkAsync(await _listener.AcceptSocketAsync(_stopping.Token)));
            }
        }
        catch (OperationCanceledException)
        {
        }
        await Task.WhenAll(links);
    }

    private async Task LinkAsync(Socket client)
    {
        using var server = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        using (client)
        {
            await server.ConnectAsync(IPAddress.Loopback, _server, _stopping.Token);
            var link = new Link(client, server);
            await Task.WhenAny(UpAsync(link), DownAsync(link));
        }
    }

    private async Task UpAsync(Link link)
    {
        var buffer = new byte[64 * 1024];
        while (await ReadAsync(link.Client, buffer) is > 0 and var count)
        {
            var isCommit = buffer.AsSpan(0, count).IndexOf(Commit) >= 0;
            if (isCommit && Interlocked.CompareExchange(ref _cut, 0, 1) == 1)
            {
                return;
            }
            link.IsCut = isCommit && Interlocked.CompareExchange(ref _cut, 0, 2) == 2;
            await link.Server.SendAsync(buffer.AsMemory(0, count), _stopping.Token);
        }
    }

    private async Task DownAsync(Link link)
    {
        var buffer = new byte[64 * 1024];
        while (await ReadAsync(link.Server, buffer) is > 0 and var count && !link.IsCut)
        {
            await link.Client.SendAsync(buffer.AsMemory(0, count), _stopping.Token);
        }
    }

    private async Task<int> ReadAsync(Socket socket, byte[] buffer)
    {
        try
        {
            return await socket.ReceiveAsync(buffer, _stopping.Token);
        }
        catch (Exception exception) when (exception is SocketException or OperationCanceledException or ObjectDisposedException)
        {
            return 0;
        }
    }

    private sealed class Link(Socket client, Socket server)
    {
        private volatile bool _isCut;

        public Socket Client => client;

        public Socket Server => server;

        /// <summary>Set before the commit is sent on: its answer is the first that nobody gets.</summary>
        public bool IsCut { get => _isCut; set => _isCut = value; }
    }
}
