namespace KeyMeld.Gateway.Telemetry.Export;

/// <summary>Where traces and metrics are sent to.</summary>
/// <param name="OtlpEndpoint">A collector that speaks OTLP over HTTP, without a path; null: nothing is sent anywhere.</param>
/// <param name="TracePercent">Of a hundred traces, how many are sent. Chosen by the trace's id, so that what belongs together is sent together; a caller's wish does not count.</param>
internal sealed record TelemetrySettings(Uri? OtlpEndpoint, int TracePercent);
