using System.Collections.Immutable;
using KeyMeld.Gateway.Fleet;
using KeyMeld.Protocol.Errors;

namespace KeyMeld.Gateway.Operations;

/// <summary>
/// Whether this gateway can sign. A group needs the enclaves its creator chose, so that nobody can sign for a group whose enclave is missing while others sign on: every configured enclave is needed, and
/// every one that has a sealed key in the database, for somebody's keys are sealed to it.
/// </summary>
/// <param name="Ready">How many enclaves work.</param>
/// <param name="Missing">Those that do not, or did not prove what they are.</param>
/// <param name="Retired">Those that nobody waits for, by an operator's word.</param>
internal sealed record Readiness(int Ready, ImmutableArray<MissingEnclaveJson> Missing, ImmutableArray<RetiredEnclaveJson> Retired)
{
    /// <summary>Somebody's keys can be used.</summary>
    public bool CanSign => Ready > 0;

    /// <summary>Everybody's keys can be used.</summary>
    public bool IsWhole => CanSign && Missing.IsEmpty;

    public string Word => IsWhole ? "ready" : CanSign ? "degraded" : Unavailable;

    public const string Unavailable = "unavailable";

    /// <summary>For who is refused because of it.</summary>
    public string Detail => Ready == 0 && Missing.IsEmpty ? "No enclave is configured." : $"{(Ready == 0 ? "No enclave is ready: " : "Not every enclave is ready: ")}{string.Join(", ", Missing.Select(missing => $"{missing.Enclave} ({missing.Reason})"))}.";

    /// <exception cref="KeyMeldException">storage_failed: the database does not answer, without which nothing is signed.</exception>
    public static async Task<Readiness> OfAsync(GatewayParts parts)
    {
        var stored = await parts.Retirements.EnclavesAsync();
        parts.Attested.Look();
        var views = parts.Fleet.Snapshot;
        // One that is configured again is needed again, whatever was said before.
        var absent = stored.Where(enclave => !views.ContainsKey(enclave.Id)).ToList();
        var missing = views.Values.Select(view => (view.Id, Reason: ReasonOf(parts, view))).Where(found => found.Reason is not null)
            .Concat(absent.Where(enclave => enclave.Retired is null).Select(enclave => (enclave.Id, Reason: (string?)ErrorCodes.EnclaveMismatch)));
        return new Readiness(
            views.Values.Count(view => view.IsReady),
            [.. missing.OrderBy(found => found.Id).Select(found => new MissingEnclaveJson((int)found.Id, found.Reason!))],
            [.. absent.Where(enclave => enclave.Retired is not null).Select(enclave => new RetiredEnclaveJson((int)enclave.Id, enclave.Retired!.Value))]);
    }

    // An enclave whose document does not verify works on for groups that have it; but clients refuse it, so that it is not what it should be.
    private static string? ReasonOf(GatewayParts parts, EnclaveView view) =>
        view.Condition.Reason ?? (parts.Attested.Of(view).Verdict == Dashboard.AttestationFactsJson.Refused ? ErrorCodes.AttestationInvalid : null);
}
