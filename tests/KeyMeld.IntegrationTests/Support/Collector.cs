using System.Collections.Concurrent;
using System.Net;

namespace KeyMeld.IntegrationTests.Support;

/// <summary>Takes what is sent by OTLP over HTTP and keeps the bytes.</summary>
internal sealed class Collector : IAsyncDisposable
{
    private readonly HttpListener _listener = new();
    private readonly Task _loop;

    public Collector()
    {
        Endpoint = new Uri($"http://127.0.0.1:{StackFixture.FreePort()}");
        _listener.Prefixes.Add(Endpoint.AbsoluteUri);
        _listener.Start();
        _loop = RunAsync();
    }

    public Uri Endpoint { get; }

    /// <summary>Path and body of each call.</summary>
    public ConcurrentQueue<(string Path, byte[] Body)> Received { get; } = [];

    public async ValueTask DisposeAsync()
    {
        _listener.Stop();
        await _loop;
        _listener.Close();
    }

    private async Task RunAsync()
    {
        while (_listener.IsListening)
        {
            HttpListenerContext context;
            try
            {
                context = await _listener.GetContextAsync();
            }
            catch (Exception exception) when (exception is HttpListenerException or ObjectDisposedException)
            {
                return;
            }
            using var body = new MemoryStream();
            await context.Request.InputStream.CopyToAsync(body);
            Received.Enqueue((context.Request.Url!.AbsolutePath, body.ToArray()));
            context.Response.StatusCode = 200;
            context.Response.ContentType = "application/x-protobuf";
            context.Response.Close();
        }
    }
}
