using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;

namespace KeyMeld.Tests.Enclave.Support;

/// <summary>Ends TLS in front of the emulator, with the certificates of the test's choice; null answers in plain text.</summary>
internal sealed class TlsFront : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly Uri _kms;
    private readonly Task _accepting;

    public TlsFront(Uri kms)
    {
        _kms = kms;
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public Uri Endpoint => new($"https://localhost:{((IPEndPoint)_listener.LocalEndpoint).Port}");

    /// <summary>The server's certificate and what it sends along.</summary>
    public X509Certificate2Collection? Shown { get; set; }

    /// <summary>Bytes that came through TLS, or in the clear where no certificate is shown.</summary>
    public long BytesHeard { get; private set; }

    /// <summary>Connections so far.</summary>
    public int Connections { get; private set; }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Stop();
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
                var client = await _listener.AcceptTcpClientAsync(_stop.Token);
                Connections++;
                connections.Add(ServeAsync(client));
            }
        }
        catch (OperationCanceledException)
        {
        }
        await Task.WhenAll(connections);
    }

    private async Task ServeAsync(TcpClient client)
    {
        using (client)
        using (var kms = new TcpClient())
        {
            try
            {
                await kms.ConnectAsync(_kms.Host, _kms.Port, _stop.Token);
                await using Stream stream = Shown is { } shown ? await HandshakeAsync(client.GetStream(), shown) : client.GetStream();
                await Task.WhenAny(CopyAsync(stream, kms.GetStream(), counted: true), CopyAsync(kms.GetStream(), stream, counted: false));
            }
            catch (Exception exception) when (exception is IOException or OperationCanceledException or AuthenticationException or SocketException)
            {
                // The client did not like what it was shown.
            }
        }
    }

    private async Task<Stream> HandshakeAsync(Stream inner, X509Certificate2Collection shown)
    {
        var stream = new SslStream(inner);
        await stream.AuthenticateAsServerAsync(new SslServerAuthenticationOptions
        {
            ServerCertificateContext = SslStreamCertificateContext.Create(shown[0], [.. shown.Skip(1)], offline: true),
        }, _stop.Token);
        return stream;
    }

    private async Task CopyAsync(Stream from, Stream to, bool counted)
    {
        var buffer = new byte[64 * 1024];
        while (await from.ReadAsync(buffer, _stop.Token) is > 0 and var read)
        {
            BytesHeard += counted ? read : 0;
            await to.WriteAsync(buffer.AsMemory(0, read), _stop.Token);
        }
    }
}
