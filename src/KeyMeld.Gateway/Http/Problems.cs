// RFC 9457, Problem Details for HTTP APIs.
using System.Text.Json;
using KeyMeld.Gateway.Telemetry;
using KeyMeld.Protocol.Errors;
using KeyMeld.Protocol.Http;
using Microsoft.AspNetCore.Http.Features;

namespace KeyMeld.Gateway.Http;

/// <summary>Writes every refusal of the API: the table's status and advice, and what is wrong this time.</summary>
internal static class Problems
{
    private const string ContentType = "application/problem+json";

    public static Task WriteAsync(HttpContext context, KeyMeldException fault) => WriteAsync(context, fault.Code, Shown(fault));

    /// <param name="isFault">Whether a 5xx is something that went wrong with this call; not where the call asked whether something is wrong.</param>
    public static async Task WriteAsync(HttpContext context, string code, string detail, bool isFault = true)
    {
        context.RequestServices.GetRequiredService<GatewayTelemetry>().CallRefused(code, isFault);
        context.Features.Get<IHttpActivityFeature>()?.Activity.End(code);
        var entry = ErrorCodes.Get(code);
        var response = context.Response;
        if (response.HasStarted)
        {
            context.Abort();
            return;
        }
        response.Clear();
        response.StatusCode = entry.Status;
        response.ContentType = ContentType;
        Headers.Set(response);
        if (entry.Status is StatusCodes.Status429TooManyRequests or StatusCodes.Status503ServiceUnavailable)
        {
            response.Headers.RetryAfter = "1";
        }
        if (entry.Status == StatusCodes.Status401Unauthorized)
        {
            response.Headers.WWWAuthenticate = RequestAuthorization.Scheme;
        }
        var problem = new ProblemJson(code, entry.Status, $"urn:keymeld:error:{code}", entry.Action, detail, context.TraceIdentifier);
        await JsonSerializer.SerializeAsync(response.Body, problem, ProtocolJson.Default.ProblemJson, context.RequestAborted);
    }

    // What a database or a program says of itself is for the log, not for callers.
    private static string Shown(KeyMeldException fault) => fault.Code switch
    {
        ErrorCodes.StorageFailed => "The database did not answer as it should.",
        ErrorCodes.Internal => "The program failed.",
        _ => fault.Message,
    };
}
