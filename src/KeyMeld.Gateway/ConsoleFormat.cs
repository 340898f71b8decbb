using KeyMeld.Gateway.Configuration;
using Microsoft.Extensions.Logging.Console;

namespace KeyMeld.Gateway;

/// <summary>How log lines look: text for people, or one JSON object a line with event id, message, its parts and the request's id for whoever collects them.</summary>
internal static class ConsoleFormat
{
    private const string Timestamp = "yyyy-MM-dd'T'HH:mm:ss.fff'Z'";

    public static ILoggingBuilder AddLog(this ILoggingBuilder logging, GatewaySettings settings) => settings.LogsJson
        ? logging.Configure(log => log.ActivityTrackingOptions = ActivityTrackingOptions.TraceId | ActivityTrackingOptions.SpanId)
            .AddJsonConsole(json => (json.UseUtcTimestamp, json.TimestampFormat, json.IncludeScopes) = (true, Timestamp, true))
        : logging.AddSimpleConsole(Apply);

    public static void Apply(SimpleConsoleFormatterOptions console)
    {
        console.SingleLine = true;
        console.UseUtcTimestamp = true;
        console.TimestampFormat = Timestamp + " ";
    }
}
