using System.Text.Json.Serialization;
using KeyMeld.Gateway.Operators;
using KeyMeld.Protocol.Ids;
using KeyMeld.Wire.V1;

namespace KeyMeld.Gateway.Operations;

/// <param name="Status">live; or ready, degraded where enclaves are missing, with which.</param>
/// <param name="Retired">Enclaves that an operator said are gone for good; absent where there are none.</param>
internal sealed record HealthJson(string Status, IReadOnlyList<MissingEnclaveJson>? Missing = null, IReadOnlyList<int>? Retired = null);

/// <summary>An enclave whose groups and keys cannot be signed for.</summary>
/// <param name="Reason">Why, from the table of error codes; enclave_mismatch: the database has its key, and this gateway's configuration has no such enclave.</param>
internal sealed record MissingEnclaveJson(int Enclave, string Reason);

/// <param name="Status">ready, degraded or unavailable, as /health/ready says it.</param>
/// <param name="Retired">Enclaves that an operator said are gone for good.</param>
internal sealed record HealthDetailJson(string Status, IReadOnlyList<MissingEnclaveJson> Missing, IReadOnlyList<RetiredEnclaveJson> Retired, GatewayHealthJson Gateway, IReadOnlyList<EnclaveHealthJson> Enclaves, int SigningsRunning, IReadOnlyList<CertificateJson> Certificates);

/// <param name="Id">Drawn at each start; in the leases of what this gateway drives.</param>
/// <param name="Database">sqlite or postgres.</param>
/// <param name="DatabaseAnswers">Whether it answered for this.</param>
/// <param name="DatabaseTakesChanges">Whether its last write was taken.</param>
/// <param name="LastBackup">Of which moment the newest backup is, in Unix milliseconds; left out where there is none.</param>
/// <param name="Leases">How many signings it drives.</param>
/// <param name="LeaseSeconds">After how long others take them up unless it renews.</param>
/// <param name="HearsOthers">Whether it hears of what other gateways do; left out where there can be none.</param>
internal sealed record GatewayHealthJson(string Id, string Database, bool DatabaseAnswers, bool DatabaseTakesChanges, long? LastBackup, int Leases, int LeaseSeconds, bool? HearsOthers)
{
    public static GatewayHealthJson Of(GatewayParts parts, bool databaseAnswers) => new(
        parts.Leases.Owner.ToString(), parts.Bus.IsShared ? "postgres" : "sqlite", databaseAnswers, parts.Writes.Trouble is null, parts.Backups.Facts?.Last, parts.SigningRunner.Running, (int)parts.Leases.Length.TotalSeconds, parts.Bus.IsShared ? parts.Bus.IsListening : null);
}

/// <param name="Attestation">release, unknown_build, refused or unchecked: what its attestation document is worth, as the dashboard shows it.</param>
internal sealed record EnclaveHealthJson(int Id, string State, string? Reason, string? Detail, string Attestation, EnclaveCountersJson? Counters);

/// <summary>As of the last time the enclave was asked.</summary>
internal sealed record EnclaveCountersJson(
    ulong KmsCalls, ulong GroupsLoaded, ulong BundleBytes, ulong NoncesIssued, ulong NoncesUsed, ulong NoncesBurnt, ulong NonceReuseRefused)
{
    public static EnclaveCountersJson? Of(Counters? counters) => counters is null ? null : new EnclaveCountersJson(
        counters.KmsCalls, counters.GroupsLoaded, counters.BundleBytes, counters.NoncesIssued, counters.NoncesUsed, counters.NoncesBurnt, counters.NonceReuseRefused);
}

/// <param name="At">Since when, Unix milliseconds.</param>
internal sealed record RetiredEnclaveJson(int Enclave, long At);

/// <summary>Body of an operator's word that an enclave is gone for good.</summary>
/// <param name="DryRun">Changes nothing and says what is sealed to the enclave.</param>
/// <param name="Lose">Gives up the groups and keys that are sealed to it.</param>
/// <param name="Undo">Takes the word back.</param>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
internal sealed record RetireRequestJson(bool DryRun = false, bool Lose = false, bool Undo = false);

/// <summary>How an enclave stands afterwards.</summary>
/// <param name="At">Since when it is retired, Unix milliseconds; absent while it is not.</param>
/// <param name="Groups">That are joining with a place on it, or formed with a member on it whose key was not erased; absent where the word is taken back.</param>
/// <param name="Keys">Of one owner, that are sealed to it.</param>
internal sealed record RetirementJson(int Enclave, bool DryRun, bool Retired, long? At, SealedToJson? Groups, SealedToJson? Keys);

/// <param name="First">The first 1,000 of them.</param>
internal sealed record SealedToJson(long Count, IReadOnlyList<Hash32> First)
{
    public static SealedToJson Of(Found found) => new(found.Count, found.First);
}

/// <summary>Body of an operator's change of keys.</summary>
/// <param name="DryRun">Does and checks everything short of writing.</param>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
internal sealed record KeyChangeRequestJson(bool DryRun = false);

/// <summary>What a change of keys did, or in a dry run would do.</summary>
/// <param name="State">How the enclave stands afterwards; with <paramref name="Reason"/> where it is not ready.</param>
/// <param name="Before">The epochs as they stood.</param>
/// <param name="After">The epochs as they stand, or would.</param>
internal sealed record KeyChangeJson(int Enclave, string Change, bool DryRun, string State, string? Reason, IReadOnlyList<SealedEpochJson> Before, IReadOnlyList<SealedEpochJson> After);

/// <param name="Key">Identity key in hex; null for one that a dry run threw away.</param>
/// <param name="KmsKeyId">The KMS key it is sealed under.</param>
internal sealed record SealedEpochJson(int Epoch, string? Key, string KmsKeyId)
{
    public static SealedEpochJson Of(SealedKeyRow row) => new((int)row.KeyEpoch, row.PublicKey.IsEmpty ? null : Convert.ToHexStringLower(row.PublicKey.Span), row.KmsKeyId);
}

/// <summary>What the gateway says beside the protocol's own contracts.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, AllowDuplicateProperties = false)]
[JsonSerializable(typeof(HealthJson))]
[JsonSerializable(typeof(HealthDetailJson))]
[JsonSerializable(typeof(KeyChangeRequestJson))]
[JsonSerializable(typeof(KeyChangeJson))]
[JsonSerializable(typeof(RetireRequestJson))]
[JsonSerializable(typeof(RetirementJson))]
internal sealed partial class GatewayJson : JsonSerializerContext;
