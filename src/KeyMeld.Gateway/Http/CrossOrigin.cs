// Fetch standard, section 3.3: CORS protocol.
using System.Collections.Immutable;
using KeyMeld.Gateway.Operators;
using Microsoft.Net.Http.Headers;

namespace KeyMeld.Gateway.Http;

/// <summary>
/// Lets web pages of the origins that the settings name call the API and read its answers; without any, no page of another origin does. Never with credentials a browser adds by
/// itself, never on the operator's listener.
/// </summary>
internal sealed class CrossOrigin(ImmutableArray<string> origins)
{
    private const string RequestMethod = "Access-Control-Request-Method";
    private const string Methods = "GET, POST";
    private const string Sent = "authorization, content-type, prefer, if-none-match, traceparent, tracestate, x-request-id";
    private const string Shown = "ETag, Retry-After, Preference-Applied, Location, X-Request-Id";
    private const string TenMinutes = "600";

    /// <summary>Answers a preflight of a named origin, true; otherwise lets the answer that comes say who may read it, false.</summary>
    public bool Answer(HttpContext context)
    {
        if (origins.IsEmpty || OperatorConnection.Is(context))
        {
            return false;
        }
        var request = context.Request;
        var origin = request.Headers.Origin is [{ } one] && origins.Contains(one) ? one : null;
        context.Response.OnStarting(() =>
        {
            // Answers differ by it, also for those who are not named.
            context.Response.Headers.Append(HeaderNames.Vary, HeaderNames.Origin);
            if (origin is not null)
            {
                context.Response.Headers.AccessControlAllowOrigin = origin;
                context.Response.Headers.AccessControlExposeHeaders = Shown;
            }
            return Task.CompletedTask;
        });
        if (origin is null || !HttpMethods.IsOptions(request.Method) || request.Headers[RequestMethod].Count == 0)
        {
            return false;
        }
        context.Response.StatusCode = StatusCodes.Status204NoContent;
        context.Response.Headers.AccessControlAllowMethods = Methods;
        context.Response.Headers.AccessControlAllowHeaders = Sent;
        context.Response.Headers.AccessControlMaxAge = TenMinutes;
        return true;
    }
}
