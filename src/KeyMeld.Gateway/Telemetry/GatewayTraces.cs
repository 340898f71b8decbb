using System.Collections.Frozen;
using System.Diagnostics;
using KeyMeld.Gateway.Storage;
using KeyMeld.Protocol.Ids;
using Microsoft.AspNetCore.Http.Features;

namespace KeyMeld.Gateway.Telemetry;

/// <summary>
/// The spans of traces: one for each HTTP call (made by the web server, which takes up a caller's traceparent), one for a signing with one for each of its steps, and one for each
/// call of an enclave. Their attributes are states, codes, steps, numbers of enclaves and the public hash that names a signing; never anything of a body or a header.
/// </summary>
internal static class GatewayTraces
{
    public const string Name = "KeyMeld.Gateway";

    /// <summary>Whose spans are sent.</summary>
    public static readonly string[] Sources = [Name, "Microsoft.AspNetCore"];

    private static readonly ActivitySource Source = new(Name, Build.Version);
    private static readonly FrozenDictionary<string, string> Methods = new[] { HttpMethods.Get, HttpMethods.Post, HttpMethods.Head, HttpMethods.Options }.ToFrozenDictionary(method => method);

    /// <summary>A call of an enclave. Null where nobody listens, as all the others.</summary>
    public static Activity? EnclaveCall(uint enclave, string method)
    {
        var activity = Source.StartActivity("enclave " + EnclaveCallWords.All[method], ActivityKind.Client);
        activity?.SetTag("peer.service", "keymeld-enclave-" + Labels.Of(enclave)).SetTag("keymeld.call", EnclaveCallWords.All[method]);
        return activity;
    }

    /// <summary>A signing in its rounds.</summary>
    /// <remarks>Below the call that started it; on its own after a restart.</remarks>
    public static Activity? Signing(Hash32 request)
    {
        var activity = Source.StartActivity("signing");
        activity?.SetTag("keymeld.signing", request.ToString());
        return activity;
    }

    /// <summary>A step that just ended.</summary>
    public static void Step(ActivityContext signing, SigningStep step, DateTimeOffset began, DateTimeOffset ended)
    {
        using var activity = Source.StartActivity("step " + step.Word(), ActivityKind.Internal, signing, startTime: began);
        activity?.SetTag("keymeld.step", step.Word()).SetEndTime(ended.UtcDateTime);
    }

    /// <summary>What the call was and how it was answered.</summary>
    public static void Describe(HttpContext context)
    {
        if (context.Features.Get<IHttpActivityFeature>()?.Activity is { IsAllDataRequested: true } activity)
        {
            var method = Methods.GetValueOrDefault(context.Request.Method, "_OTHER");
            var route = (context.GetEndpoint() as RouteEndpoint)?.RoutePattern.RawText;
            activity.DisplayName = route is null ? method : $"{method} {route}";
            activity.SetTag("http.request.method", method).SetTag("http.route", route).SetTag("http.response.status_code", context.Response.StatusCode);
        }
    }

    /// <summary>How a signing ended.</summary>
    public static void End(this Activity? activity, SigningOutcome outcome, int attempts)
    {
        activity?.SetTag("keymeld.state", outcome.State.Word()).SetTag("keymeld.attempts", attempts);
        activity.End(outcome.Error?.Code);
    }

    /// <summary>What it ended with.</summary>
    /// <param name="code">An error code; null where it went well.</param>
    public static void End(this Activity? activity, string? code)
    {
        if (code is not null)
        {
            activity?.SetTag("keymeld.code", Labels.Code(code)).SetStatus(ActivityStatusCode.Error, Labels.Code(code));
        }
    }
}
