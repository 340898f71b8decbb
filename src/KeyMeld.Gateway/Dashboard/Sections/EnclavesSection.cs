using KeyMeld.Gateway.Fleet;
using KeyMeld.Protocol.Errors;
using KeyMeld.Wire.V1;

namespace KeyMeld.Gateway.Dashboard.Sections;

/// <summary>The enclaves: up, attested, which build and epoch, sealed under which key, and what they did since their start.</summary>
internal static class EnclavesSection
{
    public static IReadOnlyList<EnclaveFactsJson> Read(GatewayParts parts) => [.. parts.Fleet.Snapshot.Values.Select(view => Show(view, parts.Attested))];

    private static EnclaveFactsJson Show(EnclaveView view, AttestedFleet attested)
    {
        var status = view.Status;
        var newest = status?.Keys.MaxBy(key => key.Epoch);
        var locked = view.Condition as EnclaveCondition.Locked;
        return new EnclaveFactsJson(
            (int)view.Id,
            view.Condition.Word,
            view.Condition.Reason,
            locked is null ? null : locked.AwsCode is null ? locked.Detail : $"{locked.Detail} (AWS: {locked.AwsCode})",
            view.Condition.Reason is { } reason ? ErrorCodes.Get(reason).Action : null,
            status?.Mode,
            status?.Software,
            newest is null ? null : (int)newest.Epoch,
            status is null ? null : status.Keys.Count,
            newest is null ? null : Convert.ToHexStringLower(newest.Key.Span),
            status?.KmsKeyId,
            Use(status?.Counters),
            attested.Of(view));
    }

    private static EnclaveUseJson? Use(Counters? counters) => counters is null ? null : new EnclaveUseJson(
        (long)counters.KmsCalls, KmsPrices.Of((long)counters.KmsCalls), (long)counters.GroupsLoaded, (long)counters.NoncesIssued, (long)counters.NoncesUsed, (long)counters.NoncesBurnt,
        (long)counters.NonceReuseRefused);
}
