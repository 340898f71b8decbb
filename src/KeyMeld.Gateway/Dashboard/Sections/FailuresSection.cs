using KeyMeld.Gateway.Telemetry;
using KeyMeld.Gateway.Telemetry.History;
using KeyMeld.Protocol.Errors;

namespace KeyMeld.Gateway.Dashboard.Sections;

/// <summary>The newest failures, newest first; what happened several times in a row is one line with a count.</summary>
internal static class FailuresSection
{
    private const int Shown = 50;

    public static IReadOnlyList<FailureJson> Read(RecentFailures failures)
    {
        var lines = new List<FailureJson>();
        foreach (var failure in failures.Read())
        {
            var line = Show(failure);
            if (lines is [.., var above] && (line.Of, line.Code, line.Step, line.Enclave) == (above.Of, above.Code, above.Step, above.Enclave))
            {
                lines[^1] = above with { Count = above.Count + 1 };
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

    private static FailureJson Show(RecentFailure failure) => new(
        failure.At.ToUnixTimeMilliseconds(), Word(failure.Of), failure.Code, failure.Step?.Word(), (int?)failure.Enclave, 1,
        ErrorCodes.IsKnown(failure.Code) ? ErrorCodes.Get(failure.Code).Action : ErrorCodes.Get(ErrorCodes.Internal).Action);

    private static string Word(FailureOf of) => of switch
    {
        FailureOf.Signing => "signing",
        FailureOf.Group => "group",
        FailureOf.Enclave => "enclave",
        FailureOf.Call => "call",
        _ => throw new ArgumentOutOfRangeException(nameof(of)),
    };
}
