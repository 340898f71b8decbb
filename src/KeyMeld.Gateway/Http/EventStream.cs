// Server-sent events: WHATWG HTML, "Server-sent events".
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace KeyMeld.Gateway.Http;

/// <param name="Name">The event's type.</param>
/// <param name="Data">JSON on one line.</param>
internal sealed record ServerEvent(string Name, byte[] Data)
{
    /// <summary>
    /// Names a state by what it says, the same on every gateway. A caller that comes back with <c>Last-Event-ID</c> is not told again what it knows; where that was the end, 204 says so, at which browsers
    /// stop coming back.
    /// </summary>
    public string? Id { get; init; }
}

/// <summary>Writes one stream of states until the final one, the caller's going or the gateway's stop.</summary>
internal static class EventStream
{
    private static readonly byte[] End = "\n\n"u8.ToArray();
    private static readonly byte[] Alive = ": still here\n\n"u8.ToArray();
    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(15);

    /// <param name="next">The first state at once, then each change; null ends the stream.</param>
    /// <param name="id">See <see cref="ServerEvent.Id"/>.</param>
    public static Task RunAsync<T>(
        HttpContext context, Func<CancellationToken, Task<T?>> next, JsonTypeInfo<T> type, Func<T, string> id, TimeProvider time, CancellationToken stopping)
        where T : class => RunAsync(
            context,
            async cancellationToken => await next(cancellationToken) is { } state ? new ServerEvent("state", JsonSerializer.SerializeToUtf8Bytes(state, type)) { Id = id(state) } : null,
            time,
            stopping);

    /// <param name="next">The first event at once, then each when it comes; null ends the stream.</param>
    public static async Task RunAsync(HttpContext context, Func<CancellationToken, Task<ServerEvent?>> next, TimeProvider time, CancellationToken stopping)
    {
        context.Response.StatusCode = StatusCodes.Status200OK;
        context.Response.ContentType = "text/event-stream";
        Headers.Set(context.Response);
        var known = context.Request.Headers["Last-Event-ID"].ToString();
        using var over = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, stopping);
        try
        {
            var change = next(over.Token);
            while (true)
            {
                if (await Task.WhenAny(change, Task.Delay(Silence, time, over.Token)) != change)
                {
                    await WriteAsync(context, Alive, over.Token);
                    over.Token.ThrowIfCancellationRequested();
                    continue;
                }
                if (await change is not { } state)
                {
                    EndUnsaid(context.Response);
                    return;
                }
                change = next(over.Token);
                var isKnown = state.Id is { } id && id == known;
                known = "";
                if (!isKnown)
                {
                    await WriteAsync(context, Text(state), over.Token);
                }
                else if (!change.IsCompleted)
                {
                    await WriteAsync(context, Alive, over.Token);
                }
            }
        }
        catch (OperationCanceledException) when (over.IsCancellationRequested)
        {
        }
    }

    private static void EndUnsaid(HttpResponse response)
    {
        if (!response.HasStarted)
        {
            response.ContentType = null;
            response.StatusCode = StatusCodes.Status204NoContent;
        }
    }

    private static byte[] Text(ServerEvent state) =>
        [.. Encoding.ASCII.GetBytes(state.Id is { } id ? $"event: {state.Name}\nid: {id}\ndata: " : $"event: {state.Name}\ndata: "), .. state.Data, .. End];

    private static async Task WriteAsync(HttpContext context, byte[] bytes, CancellationToken cancellationToken)
    {
        await context.Response.Body.WriteAsync(bytes, cancellationToken);
        await context.Response.Body.FlushAsync(cancellationToken);
    }
}
