using KeyMeld.Gateway.Telemetry.Export;

namespace KeyMeld.Gateway.Configuration;

/// <summary>Reads the section <c>telemetry</c>.</summary>
internal static class TelemetrySection
{
    public static TelemetrySettings Read(SettingsSection section)
    {
        var text = section.OptionalText("otlp_endpoint");
        var percent = section.Number("trace_percent", 0, 100, 100) ?? 0;
        section.Finish();
        Uri? endpoint = null;
        if (text is not null && !Origin.TryParse(text, out endpoint))
        {
            section.Fail<object>("otlp_endpoint", $"must be null or http(s)://HOST:PORT of a collector that takes OTLP over HTTP, without a path, not '{text}'");
        }
        return new TelemetrySettings(endpoint, percent);
    }
}
