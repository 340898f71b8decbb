using System.Diagnostics.Metrics;
using OpenTelemetry.Exporter;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace KeyMeld.Gateway.Telemetry.Export;

/// <summary>
/// Metrics at /metrics, and by OTLP with the traces where a collector is configured. Nothing of it is configured by OTEL_ variables: where telemetry goes is the settings' to say.
/// </summary>
internal static class Exporting
{
    public static void AddTelemetry(this IServiceCollection services, TelemetrySettings settings)
    {
        var telemetry = services.AddOpenTelemetry().WithMetrics(metrics =>
        {
            metrics.SetResourceBuilder(Who()).AddMeter(GatewayMeter.Name).AddMeter(Exposed.Meters).AddPrometheusExporter(prometheus => prometheus.ScrapeResponseCacheDurationMilliseconds = 0);
            ((IDeferredMeterProviderBuilder)metrics).Configure((parts, deferred) =>
            {
                var (own, factory) = (parts.GetRequiredService<GatewayTelemetry>().Meter.Meter, parts.GetRequiredService<IMeterFactory>());
                deferred.AddView(instrument => Exposed.View(instrument, own, factory));
            });
            if (settings.OtlpEndpoint is { } collector)
            {
                metrics.AddOtlpExporter(otlp => Send(otlp, collector, "v1/metrics"));
            }
        });
        if (settings.OtlpEndpoint is { } endpoint)
        {
            telemetry.WithTracing(traces => traces
                .SetResourceBuilder(Who())
                .SetSampler(new TraceIdRatioBasedSampler(settings.TracePercent / 100.0))
                .AddSource(GatewayTraces.Sources)
                .AddOtlpExporter(otlp => Send(otlp, endpoint, "v1/traces")));
        }
    }

    private static ResourceBuilder Who() => ResourceBuilder.CreateEmpty().AddService("keymeld-gateway", serviceVersion: Build.Version, autoGenerateServiceInstanceId: true);

    private static void Send(OtlpExporterOptions otlp, Uri endpoint, string path)
    {
        otlp.Protocol = OtlpExportProtocol.HttpProtobuf;
        otlp.Endpoint = new Uri(endpoint, path);
        otlp.Headers = "";
    }
}
