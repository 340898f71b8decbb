using KeyMeld.Gateway.Storage;
using KeyMeld.Gateway.Telemetry;
using KeyMeld.Gateway.Telemetry.History;
using KeyMeld.Protocol.Errors;
using KeyMeld.Protocol.Ids;

namespace KeyMeld.Gateway.Dashboard.Sections;

/// <summary>
/// The newest failures, newest first; what happened several times in a row is one line with a count. Signings and groups are those of the database, whichever gateway had them; of those that this gateway
/// had it knows more, and of enclaves and calls each gateway knows its own.
/// </summary>
internal static class FailuresSection
{
    public const int Shown = 50;

    private const string None = "none";

    // As of a signing in flight that waits.
    private const string Approval = "approval";

    /// <summary>How many of one line's signings or groups are named.</summary>
    public const int Named = 5;

    public static IReadOnlyList<FailureJson> Read(RecentFailures failures, IReadOnlyCollection<StoredFailure> stored)
    {
        var own = failures.Read();
        var known = own.Where(failure => failure.Id is not null).DistinctBy(failure => failure.Id).ToDictionary(failure => failure.Id!.Value);
        var ids = stored.Select(IdOf).ToHashSet();
        var all = stored.Select(row => Show(row, known.GetValueOrDefault(IdOf(row)))).Concat(own.Where(failure => failure.Id is not { } id || !ids.Contains(id)).Select(Show));
        var lines = new List<FailureJson>();
        foreach (var line in all.OrderByDescending(line => line.At))
        {
            if (lines is [.., var above] && (line.Of, line.Code, line.Step, line.Enclave) == (above.Of, above.Code, above.Step, above.Enclave))
            {
                lines[^1] = above with { Count = above.Count + 1, Failed = above.Failed?.Count < Named ? [.. above.Failed, .. line.Failed!] : above.Failed };
            }
            else if (lines.Count < Shown)
            {
                lines.Add(line);
            }
            else
            {
                break;
            }
        }
        return lines;
    }

    private static Hash32 IdOf(StoredFailure row) => row.Signing ?? row.Group;

    private static FailureJson Show(StoredFailure row, RecentFailure? known) => Line(
        row.At, row.Signing is null ? FailureOf.Group : FailureOf.Signing, row.Code is null ? None : Labels.Code(row.Code), known?.Step?.Word() ?? StepOf(row), known?.Enclave, [new FailedJson(row.Signing?.ToString(), row.Group.ToString())]);

    // The row says how often its rounds began. Where in them it stood is in no database: writing that down at each step would cost every signing a write for each.
    private static string? StepOf(StoredFailure row) => row.Attempts == 0 ? Approval : null;

    private static FailureJson Show(RecentFailure failure) => Line(failure.At.ToUnixTimeMilliseconds(), failure.Of, failure.Code, failure.Step?.Word(), failure.Enclave, failure switch
    {
        { Of: FailureOf.Signing, Id: { } signing } => [new FailedJson(signing.ToString(), null)],
        { Of: FailureOf.Group, Id: { } group } => [new FailedJson(null, group.ToString())],
        _ => null,
    });

    private static FailureJson Line(long at, FailureOf of, string code, string? step, uint? enclave, IReadOnlyList<FailedJson>? failed) => new(
        at, Word(of), code, step, (int?)enclave, 1, failed, ErrorCodes.IsKnown(code) ? ErrorCodes.Get(code).Action : ErrorCodes.Get(ErrorCodes.Internal).Action);

    private static string Word(FailureOf of) => of switch
    {
        FailureOf.Signing => "signing",
        FailureOf.Group => "group",
        FailureOf.Enclave => "enclave",
        FailureOf.Call => "call",
        _ => throw new ArgumentOutOfRangeException(nameof(of)),
    };
}
