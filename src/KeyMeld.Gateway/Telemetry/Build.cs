using System.Reflection;

namespace KeyMeld.Gateway.Telemetry;

/// <summary>Which build of the gateway this is.</summary>
internal static class Build
{
    public static string Version { get; } =
        typeof(Build).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "0";
}
