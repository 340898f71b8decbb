using System.Text.Json.Serialization;
using KeyMeld.Gateway.Operations;

namespace KeyMeld.Gateway.Dashboard;

/// <summary>
/// What an operator sees: GET /operator/overview, the first event of /operator/events, and, with only the sections that changed, each later one. Times are Unix milliseconds;
/// nothing in it grows by itself, so that nothing is sent when nothing happens. No statement, key material, message or signature is in it.
/// </summary>
/// <param name="Now">The gateway's clock, in the full overview only.</param>
internal sealed record OverviewJson(
    long? Now, GatewayFactsJson? Gateway, IReadOnlyList<EnclaveFactsJson>? Enclaves, SigningsJson? Signings, GroupsJson? Groups, LastHourJson? LastHour, IReadOnlyList<FailureJson>? Failures);

/// <param name="CertificateExpires">Of the TLS certificate, where this gateway has it.</param>
/// <param name="Shared">Whether other gateways may use this database too: then counts and times of the last hour are of this one alone.</param>
/// <param name="Releases">How many releases the enclaves' builds are compared with.</param>
/// <param name="Retired">Enclaves that an operator said are gone for good.</param>
internal sealed record GatewayFactsJson(
    string Id, string Version, string Mode, string PublicUrl, long Started, long? CertificateExpires, bool Shared, DatabaseFactsJson? Database, string KmsKeyId, bool KmsAttestation, int Releases,
    KmsCostJson Kms, IReadOnlyList<RetiredEnclaveJson> Retired);

/// <param name="Bytes">Its size on disk.</param>
/// <param name="Migration">Number and name of the newest migration it has.</param>
/// <param name="Made">When the database was made, restored or copied.</param>
/// <param name="LastBackup">Of which moment the newest backup by `keymeld db backup` is; absent where there is none of this database.</param>
/// <param name="Trouble">Why it takes no changes; absent while it does.</param>
internal sealed record DatabaseFactsJson(string Kind, long Bytes, int Migration, string MigrationName, long Made, long? LastBackup, string? Trouble);

/// <param name="Calls">Of all enclaves, each since its own start.</param>
/// <param name="CallsUsd">What they cost where every call is paid.</param>
/// <param name="KeysUsdPerMonth">What the KMS keys cost that the enclaves' identities are sealed under.</param>
internal sealed record KmsCostJson(long Calls, double CallsUsd, int Keys, double KeysUsdPerMonth);

/// <param name="State">ready, locked or unreachable.</param>
/// <param name="Reason">Why it is not ready, from the table of error codes.</param>
/// <param name="Advice">What to do about that.</param>
/// <param name="Epoch">The newest; <paramref name="Epochs"/> is how many it has open.</param>
/// <param name="Key">Its public identity key in hex.</param>
internal sealed record EnclaveFactsJson(
    int Id, string State, string? Reason, string? Detail, string? Advice, string? Mode, string? Software, int? Epoch, int? Epochs, string? Key, string? KmsKeyId,
    EnclaveUseJson? Use, AttestationFactsJson Attestation);

/// <summary>Since the enclave's start.</summary>
internal sealed record EnclaveUseJson(long KmsCalls, double KmsUsd, long GroupsLoaded, long NoncesIssued, long NoncesUsed, long NoncesBurnt, long NonceReuseRefused);

/// <param name="Verdict">
/// release: a genuine document of a known build; unknown_build: genuine, of none of the releases; refused: it did not verify; unchecked: there is nothing to check it with or
/// nobody to ask.
/// </param>
/// <param name="Release">The release's name.</param>
/// <param name="Checked">When the document was made and verified.</param>
internal sealed record AttestationFactsJson(string Verdict, string? Release, string? Detail, string? Pcr0, string? Pcr1, string? Pcr2, long? Checked)
{
    public const string Refused = "refused";

    /// <summary>Every verdict.</summary>
    public static readonly string[] Verdicts = ["release", "unknown_build", Refused, "unchecked"];
}

/// <param name="CountedTo">Counts stop here: as many or more.</param>
/// <param name="Nearest">Those under way, then those that wait, each with the nearest deadline first.</param>
internal sealed record SigningsJson(int Waiting, int Running, int CountedTo, IReadOnlyList<SigningFactsJson> Nearest);

/// <param name="Step">approval while it waits; queue, gather, round1, round2, combine, away, persist in its rounds; elsewhere where another gateway has it.</param>
/// <param name="Needs">What that step waits for.</param>
/// <param name="Trouble">The code of what set it back.</param>
internal sealed record SigningFactsJson(
    string Id, string Group, string State, string Step, int Attempt, int Items, long Created, long Expires, NeedsJson Needs, string? Trouble, string? Advice);

/// <param name="Signers">Each of them has to approve, or to come and sign at home.</param>
/// <param name="Approvers">So many of these have to approve: <paramref name="Votes"/>.</param>
/// <param name="Enclaves">Numbers of the enclaves that have not answered.</param>
internal sealed record NeedsJson(IReadOnlyList<PersonJson> Signers, IReadOnlyList<PersonJson> Approvers, int Votes, IReadOnlyList<int> Enclaves)
{
    public static readonly NeedsJson Nothing = new([], [], 0, []);
}

/// <param name="Participant">Place in the group's manifest.</param>
/// <param name="User">User id; the gateway knows no names.</param>
internal sealed record PersonJson(int Participant, string User);

/// <param name="Newest">The newest groups that are not complete.</param>
internal sealed record GroupsJson(int Joining, int CountedTo, IReadOnlyList<GroupFactsJson> Newest);

/// <param name="Missing">Who has not joined.</param>
internal sealed record GroupFactsJson(string Id, long Created, long? JoinBy, int Participants, int Joined, IReadOnlyList<PersonJson> Missing);

/// <summary>Sixty minutes, oldest first; the last one is still running.</summary>
/// <param name="Steps">Where the time of the hour's signings went.</param>
internal sealed record LastHourJson(long Start, int SecondsEach, IReadOnlyList<MinuteJson> Minutes, LatencyFactsJson? Total, IReadOnlyList<StepFactsJson> Steps);

/// <param name="Signed">Signings that ended in signatures.</param>
/// <param name="Failed">Failed or expired.</param>
/// <param name="Declined">Rejected or cancelled by people.</param>
internal sealed record MinuteJson(long Signed, long Failed, long Declined, long KeySignatures, double? P50, double? P99);

/// <summary>Milliseconds.</summary>
internal sealed record LatencyFactsJson(long Count, double P50, double P90, double P99, double Longest);

internal sealed record StepFactsJson(string Step, LatencyFactsJson Latency);

/// <param name="Of">signing, group, enclave or call.</param>
/// <param name="Count">How often in a row the same happened; <paramref name="At"/> is the last time.</param>
/// <param name="Failed">Which signings or groups, newest first: five at most of <paramref name="Count"/>. Absent for enclaves and calls.</param>
/// <param name="Advice">What to do, from the table of error codes.</param>
internal sealed record FailureJson(long At, string Of, string Code, string? Step, int? Enclave, int Count, IReadOnlyList<FailedJson>? Failed, string Advice);

/// <param name="Signing">Its id; absent where it is a group that failed.</param>
/// <param name="Group">The group, or that of the signing; absent only while the database cannot be asked.</param>
internal sealed record FailedJson(string? Signing, string? Group);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(OverviewJson))]
internal sealed partial class DashboardJson : JsonSerializerContext;
