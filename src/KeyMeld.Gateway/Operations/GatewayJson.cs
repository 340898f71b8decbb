using System.Text.Json.Serialization;
using KeyMeld.Wire.V1;

namespace KeyMeld.Gateway.Operations;

internal sealed record HealthJson(string Status);

internal sealed record HealthDetailJson(string Status, IReadOnlyList<EnclaveHealthJson> Enclaves, int SigningsRunning);

internal sealed record EnclaveHealthJson(int Id, string State, string? Reason, string? Detail, EnclaveCountersJson? Counters);

/// <summary>As of the last time the enclave was asked.</summary>
internal sealed record EnclaveCountersJson(
    ulong KmsCalls, ulong GroupsLoaded, ulong BundleBytes, ulong NoncesIssued, ulong NoncesUsed, ulong NoncesBurnt, ulong NonceReuseRefused)
{
    public static EnclaveCountersJson? Of(Counters? counters) => counters is null ? null : new EnclaveCountersJson(
        counters.KmsCalls, counters.GroupsLoaded, counters.BundleBytes, counters.NoncesIssued, counters.NoncesUsed, counters.NoncesBurnt, counters.NonceReuseRefused);
}

/// <summary>One server-sent event: the state, and the code where it failed.</summary>
internal sealed record StateEventJson(string State, int? Attempts = null, string? Error = null);

/// <summary>What the gateway says beside the protocol's own contracts.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(HealthJson))]
[JsonSerializable(typeof(HealthDetailJson))]
[JsonSerializable(typeof(StateEventJson))]
internal sealed partial class GatewayJson : JsonSerializerContext;
