using KeyMeld.Gateway.Http;

namespace KeyMeld.Gateway.Configuration;

/// <summary>The <c>limits</c> section.</summary>
internal static class LimitsSection
{
    private const int Most = 1_000_000;

    // One address must have room for the largest body that is no large one.
    private const int LeastBodyBytes = BodyReader.Shares * BodyReader.LargeBytes;

    public static LimitSettings Read(SettingsSection section)
    {
        var limits = new LimitSettings
        {
            CallsPerSecond = section.Number("calls_per_second", 1, Most, 5_000) ?? 0,
            CallsPerSecondOfKey = section.Number("calls_per_second_of_key", 1, Most, 2_000) ?? 0,
            IdentitiesPerSecond = section.Number("identities_per_second", 1, Most, 1_000) ?? 0,
            Connections = section.Number("connections", 1, Most, 10_000) ?? 0,
            ConnectionsPerAddress = section.Number("connections_per_address", 1, Most, 2_000) ?? 0,
            Waits = section.Number("waits", 1, Most, 5_000) ?? 0,
            WaitsPerAddress = section.Number("waits_per_address", 1, Most, 1_000) ?? 0,
            LargeBodies = section.Number("large_bodies", 1, 1_000, 8) ?? 0,
            BodyBytes = section.Number("body_bytes", LeastBodyBytes, int.MaxValue, 256 * 1024 * 1024) ?? 0,
            BodyTime = TimeSpan.FromSeconds(section.Number("body_seconds", 1, 3_600, 30) ?? 0),
            HeaderTime = TimeSpan.FromSeconds(section.Number("header_seconds", 1, 600, 10) ?? 0),
            Idle = TimeSpan.FromSeconds(section.Number("idle_seconds", 1, 3_600, 120) ?? 0),
        };
        section.Finish();
        return limits;
    }
}
