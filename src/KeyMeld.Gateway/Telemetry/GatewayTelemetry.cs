using System.Diagnostics.Metrics;
using KeyMeld.Gateway.Fleet;
using KeyMeld.Gateway.Storage;
using KeyMeld.Gateway.Telemetry.History;
using KeyMeld.Protocol.Errors;
using KeyMeld.Protocol.Ids;

namespace KeyMeld.Gateway.Telemetry;

/// <summary>
/// What the gateway says of its own work: metrics, and the last hour in memory. It is told states, codes, steps, numbers of enclaves and durations, and the ids of what failed, which are in no metric; it
/// cannot be told anything else: no statement, key, message or signature comes near it.
/// </summary>
internal sealed class GatewayTelemetry(IMeterFactory meters, TimeProvider time) : IDisposable
{
    private const string None = "none";

    public GatewayMeter Meter { get; } = new(meters);

    public LastHour LastHour { get; } = new(time);

    public RecentFailures Failures { get; } = new();

    public HeldCalls Held { get; } = new();

    public TimeProvider Time => time;

    /// <summary>A signing left a step.</summary>
    public void StepTook(SigningStep step, TimeSpan took)
    {
        Meter.StepDuration.Record(took.TotalSeconds, new KeyValuePair<string, object?>("step", step.Word()));
        LastHour.Took(step, took);
    }

    /// <summary>A signing ended, whatever way.</summary>
    /// <param name="took">From its start; null where it never ran here.</param>
    /// <param name="attempts">How many it took; 0 where it never ran.</param>
    /// <param name="step">Where it stood.</param>
    /// <param name="enclave">The last enclave that refused something of it.</param>
    public void SigningEnded(Hash32 request, SigningOutcome outcome, TimeSpan? took, int attempts, SigningStep? step, uint? enclave)
    {
        var (state, code) = (outcome.State.Word(), CodeOf(outcome.Error));
        Meter.Signings.Add(1, new("state", state), new("code", code));
        if (attempts > 1)
        {
            Meter.Repeats.Add(attempts - 1);
        }
        if (took is { } duration)
        {
            Meter.SigningDuration.Record(duration.TotalSeconds, new KeyValuePair<string, object?>("state", state));
        }
        switch (outcome.State)
        {
            case SigningState.Completed:
                LastHour.Signed(took ?? TimeSpan.Zero);
                break;
            case SigningState.Failed:
                LastHour.Count(HistoryCount.SigningsFailed);
                Failures.Add(new RecentFailure(time.GetUtcNow(), FailureOf.Signing, code, step, enclave, request));
                break;
            case SigningState.Expired:
                LastHour.Count(HistoryCount.SigningsExpired);
                Failures.Add(new RecentFailure(time.GetUtcNow(), FailureOf.Signing, code, step, enclave, request));
                break;
            case SigningState.Rejected:
                LastHour.Count(HistoryCount.SigningsRejected);
                break;
            default:
                LastHour.Count(HistoryCount.SigningsCancelled);
                break;
        }
    }

    /// <summary>A group is formed, failed, expired or erased.</summary>
    public void GroupEnded(Hash32 group, GroupState state, StoredError? error)
    {
        var code = CodeOf(error);
        Meter.Groups.Add(1, new("state", state.Word()), new("code", code));
        if (state == GroupState.Formed)
        {
            LastHour.Count(HistoryCount.GroupsFormed);
        }
        else if (state is GroupState.Failed or GroupState.Expired)
        {
            LastHour.Count(HistoryCount.GroupsFailed);
            Failures.Add(new RecentFailure(time.GetUtcNow(), FailureOf.Group, code, null, null, group));
        }
    }

    public void MemberJoined()
    {
        Meter.Joins.Add(1);
        LastHour.Count(HistoryCount.MembersJoined);
    }

    /// <summary>A call of an enclave was answered.</summary>
    /// <param name="method">Of <see cref="EnclaveCalls"/>.</param>
    /// <param name="code">Why not; null where it was.</param>
    public void EnclaveCalled(uint enclave, string method, TimeSpan took, string? code)
    {
        var result = code switch { null => "ok", ErrorCodes.EnclaveUnreachable => "unreachable", _ => "refused" };
        Meter.EnclaveCalls.Record(took.TotalSeconds, new("enclave", Labels.Of(enclave)), new("call", EnclaveCallWords.All[method]), new("result", result));
        if (code is not null)
        {
            Meter.EnclaveRefusals.Add(1, new("enclave", Labels.Of(enclave)), new("code", Labels.Code(code)));
            LastHour.Count(HistoryCount.EnclaveRefusals);
        }
        else if (method == nameof(EnclaveCalls.SingleSignAsync))
        {
            LastHour.Count(HistoryCount.KeySignatures);
        }
    }

    /// <summary>How long an enclave says that it worked on a call: the rest of the call's time is the way there and back.</summary>
    public void EnclaveWorked(uint enclave, string method, TimeSpan took) =>
        Meter.EnclaveWork.Record(took.TotalSeconds, new("enclave", Labels.Of(enclave)), new("call", EnclaveCallWords.All[method]));

    /// <summary>An enclave is in another condition than before.</summary>
    public void EnclaveChanged(uint enclave, EnclaveCondition condition)
    {
        if (condition.Reason is { } reason)
        {
            Failures.Add(new RecentFailure(time.GetUtcNow(), FailureOf.Enclave, Labels.Code(reason), null, enclave));
        }
    }

    /// <summary>An HTTP call was answered with an error.</summary>
    /// <param name="isFault">Whether a 5xx says that something went wrong with the call.</param>
    public void CallRefused(string code, bool isFault)
    {
        Meter.Refusals.Add(1, new KeyValuePair<string, object?>("code", Labels.Code(code)));
        if (code == ErrorCodes.RateLimited)
        {
            LastHour.Count(HistoryCount.RateLimited);
        }
        else if (isFault && ErrorCodes.IsKnown(code) && ErrorCodes.Get(code).Status >= StatusCodes.Status500InternalServerError)
        {
            LastHour.Count(HistoryCount.Faults);
            Failures.Add(new RecentFailure(time.GetUtcNow(), FailureOf.Call, code, null, null));
        }
    }

    public void Dispose() => Meter.Meter.Dispose();

    private static string CodeOf(StoredError? error) => error is null ? None : Labels.Code(error.Code);
}
