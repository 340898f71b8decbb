// W3C Trace Context, section 3.2 (traceparent).
using System.Diagnostics;

namespace KeyMeld.Client;

/// <summary>
/// One span for each call of a gateway, of the source <c>KeyMeld.Client</c>; made only where the application listens to it. The gateway is sent the trace's id, and never trace state or baggage, which may be the application's own affair.
/// </summary>
internal static class GatewayTraces
{
    private const string TraceParent = "traceparent";
    private static readonly ActivitySource Source = new("KeyMeld.Client");

    public static Activity? Start(HttpMethod method, string target)
    {
        var activity = Source.HasListeners() ? Source.StartActivity($"{method.Method} {RouteOf(target)}", ActivityKind.Client) : null;
        activity?.SetTag("http.request.method", method.Method).SetTag("url.template", RouteOf(target));
        return activity;
    }

    /// <summary>Tells the gateway which trace a call belongs to, where it belongs to one.</summary>
    public static void Inject(HttpRequestMessage request)
    {
        if (Activity.Current is { IdFormat: ActivityIdFormat.W3C, Id: { } id })
        {
            request.Headers.TryAddWithoutValidation(TraceParent, id);
        }
    }

    /// <summary>It ended with this error code.</summary>
    public static void Refused(this Activity? activity, string code) => activity?.SetTag("keymeld.code", code).SetStatus(ActivityStatusCode.Error, code);

    // What names an object is no part of a route.
    private static string RouteOf(string target) => string.Join('/', target.Split('?')[0].Split('/').Select(part => part.Length > 20 ? "{id}" : part));
}
