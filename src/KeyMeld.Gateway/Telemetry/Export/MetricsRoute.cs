// Prometheus text format 0.0.4 and OpenMetrics 1.0.0, as the scraper asks for; written by OpenTelemetry's exporter.
using KeyMeld.Gateway.OpenApi;

namespace KeyMeld.Gateway.Telemetry.Export;

/// <summary>GET /metrics, for operators.</summary>
internal static class MetricsRoute
{
    public const string Path = "/metrics";

    private static readonly Operation Operation = new("metrics", Tags.Health, "Metrics for Prometheus")
    {
        Description = "Counters, gauges and histograms in the text format of Prometheus, or in OpenMetrics where `Accept` asks for it. docs/operations.md lists them.",
        Access = Access.Operator,
        HasETag = false,
        Replies = [new Reply(StatusCodes.Status200OK, "The metrics as they stand.", null, "text/plain")],
    };

    public static void MapMetrics(this IEndpointRouteBuilder routes, GatewayParts parts) => routes.MapPrometheusScrapingEndpoint(
        Path, null, pipeline => pipeline.Use(next => async context =>
        {
            parts.Operators.Require(context);
            // What is told is looked up first, as far as it is not known for long.
            parts.Attested.Look();
            await parts.Backups.LookAsync();
            await next(context);
        }), null).WithMetadata(Operation, new HttpMethodMetadata([HttpMethods.Get]));
}
