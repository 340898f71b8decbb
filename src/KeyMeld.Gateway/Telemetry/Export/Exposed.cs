using System.Collections.Frozen;
using System.Diagnostics.Metrics;
using OpenTelemetry.Metrics;

namespace KeyMeld.Gateway.Telemetry.Export;

/// <summary>
/// Which instruments leave the program, and with which labels: all of the gateway's own, and of the platform's those named here. Labels of the latter that could take any value
/// (addresses, names of exceptions) are left out.
/// </summary>
internal static class Exposed
{
    /// <summary>Names of the platform's meters.</summary>
    public static readonly string[] Meters = ["Microsoft.AspNetCore.Hosting", "Microsoft.AspNetCore.Server.Kestrel", "System.Runtime"];

    private static readonly FrozenDictionary<string, string[]> Platform = new Dictionary<string, string[]>
    {
        ["http.server.request.duration"] = ["http.request.method", "http.route", "http.response.status_code"],
        ["http.server.active_requests"] = ["http.request.method"],
        ["kestrel.active_connections"] = [],
        ["kestrel.rejected_connections"] = [],
        ["kestrel.active_tls_handshakes"] = [],
        ["dotnet.process.cpu.time"] = ["cpu.mode"],
        ["dotnet.process.memory.working_set"] = [],
        ["dotnet.gc.collections"] = ["gc.heap.generation"],
        ["dotnet.gc.pause.time"] = [],
        ["dotnet.gc.last_collection.heap.size"] = ["gc.heap.generation"],
        ["dotnet.thread_pool.thread.count"] = [],
        ["dotnet.thread_pool.queue.length"] = [],
        ["dotnet.monitor.lock_contentions"] = [],
    }.ToFrozenDictionary();

    /// <summary>What becomes of an instrument; null: it is shown as it is.</summary>
    /// <param name="instrument">Of any meter in the process.</param>
    /// <param name="own">The meter of this gateway: others of its name belong to other gateways in the process, which only tests have.</param>
    /// <param name="factory">Of this gateway's services, for the same reason.</param>
    public static MetricStreamConfiguration? View(Instrument instrument, Meter own, IMeterFactory factory)
    {
        if (instrument.Meter.Name == GatewayMeter.Name)
        {
            return ReferenceEquals(instrument.Meter, own) ? null : MetricStreamConfiguration.Drop;
        }
        var isOurs = instrument.Meter.Scope is null || ReferenceEquals(instrument.Meter.Scope, factory);
        return isOurs && Platform.TryGetValue(instrument.Name, out var labels) ? new MetricStreamConfiguration { TagKeys = labels } : MetricStreamConfiguration.Drop;
    }
}
