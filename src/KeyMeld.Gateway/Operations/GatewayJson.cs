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

/// <summary>What the gateway says beside the protocol's own contracts.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(HealthJson))]
[JsonSerializable(typeof(HealthDetailJson))]
internal sealed partial class GatewayJson : JsonSerializerContext;
