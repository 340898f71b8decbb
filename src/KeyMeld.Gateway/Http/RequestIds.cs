using System.Buffers;
using System.Diagnostics;
using KeyMeld.Protocol.Ids;

namespace KeyMeld.Gateway.Http;

/// <summary>Gives every call an id: the caller's own where it is harmless in a log, else that of the trace it belongs to, else a random one. Answers, problems and log lines carry it.</summary>
internal static class RequestIds
{
    public const string Header = "X-Request-Id";

    private const int LongestSent = 64;
    private static readonly SearchValues<char> Characters = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-");

    public static void Assign(HttpContext context)
    {
        context.TraceIdentifier = Sent(context.Request) ?? Activity.Current?.TraceId.ToHexString() ?? Id16.Random().ToString();
        context.Response.OnStarting(state =>
        {
            var started = (HttpContext)state;
            started.Response.Headers[Header] = started.TraceIdentifier;
            return Task.CompletedTask;
        }, context);
    }

    private static string? Sent(HttpRequest request) =>
        request.Headers[Header] is [{ Length: > 0 and <= LongestSent } id] && !id.AsSpan().ContainsAnyExcept(Characters) ? id : null;
}
