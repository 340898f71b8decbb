using System.Net;
using System.Text.Json;
using KeyMeld.Gateway.Storage;
using KeyMeld.Protocol.Statements;
using KeyMeld.Tests.Gateway.Support;

namespace KeyMeld.Tests.Specifications.Signings;

/// <summary>One signing at a real gateway, acted on as <see cref="SigningSpec"/> says: over HTTP, with its SQLite database.</summary>
internal sealed class RealSigning
{
    private static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(10);

    private readonly TestGateway _gateway;
    private readonly SteppedTime _time;
    private readonly EnclaveGates _gates;
    private readonly TestSigning _signing;
    private readonly Dictionary<(int Member, Decision Decision), Signed<Approval>> _decisions = [];

    public RealSigning(TestGroup group, SteppedTime time, EnclaveGates gates)
    {
        (_gateway, _time, _gates) = (group.Gateway, time, gates);
        gates.ReleaseAll();
        _signing = new TestSigning(group, by: 0, Lifetime, now: time.GetUtcNow());
    }

    /// <summary>A group whose rule is the model's.</summary>
    public static Task<TestGroup> FormGroupAsync(TestGateway gateway) => TestGroup.FormAsync(
        gateway, members: 3, manifest => manifest with { Unattended = false, Approvals = new ApprovalPolicy([0, 1, 2], 2) }, approvals: [false, false, true]);

    /// <summary>Takes one step; null where answer and state are the model's.</summary>
    public async Task<string?> StepAsync(string action, int member, SigningModel before, SigningModel after)
    {
        var (expected, answer) = action switch
        {
            SigningSpec.Request => (before.Request().Word, Word(await _signing.PostAsync())),
            SigningSpec.Approve => (before.AnswerApprove(member), await DecideAsync(member, Decision.Approve, after)),
            SigningSpec.Reject => (before.AnswerReject(member), await DecideAsync(member, Decision.Reject, after)),
            SigningSpec.Cancel => (before.AnswerCancel, Word(await _signing.CancelAsync())),
            _ => (after.Word, await MoveAsync(action, after)),
        };
        return expected == answer ? Compare(after) : $"answered {answer}, not {expected}";
    }

    private async Task<string?> DecideAsync(int member, Decision decision, SigningModel after)
    {
        if (!_decisions.TryGetValue((member, decision), out var statement))
        {
            _decisions[(member, decision)] = statement = _signing.Decide(member, decision);
        }
        // A signing that the enclaves hold back is not waited for.
        return Word(await _gateway.PostAsync(_signing.Path + "/approvals", statement.Statement, after.Phase == SigningPhase.Completed ? "wait=30" : null));
    }

    private async Task<string?> MoveAsync(string action, SigningModel after)
    {
        switch (action)
        {
            case SigningSpec.Hold:
                _gates.Hold(_signing.Digest);
                break;
            case SigningSpec.Release:
                _gates.Release(_signing.Digest);
                break;
            case SigningSpec.Refuse:
                _gates.Refuse(_signing.Digest);
                break;
            case SigningSpec.Pass:
                _time.Step(Lifetime + TimeSpan.FromMinutes(1));
                break;
            default:
                await _gateway.StopGatewayAsync();
                await _gateway.StartGatewayAsync();
                await _gateway.WhenReadyAsync();
                break;
        }
        if (after.IsFinal)
        {
            await Eventually.TrueAsync(() => Stored()?.State.Word() == after.Word);
        }
        return Stored()?.State.Word() ?? after.Word;
    }

    private SigningRecord? Stored() => _gateway.Parts.SigningStore.FindAsync(_signing.Digest).AsTask().GetAwaiter().GetResult();

    private string? Compare(SigningModel model)
    {
        if (Stored() is not { } record)
        {
            return model.Phase == SigningPhase.Absent ? null : "the signing is not stored";
        }
        var approved = record.Approvals.Where(row => row.Approve).Aggregate(0, (bits, row) => bits | (1 << row.Participant));
        var rejected = record.Approvals.Where(row => !row.Approve).Aggregate(0, (bits, row) => bits | (1 << row.Participant));
        var real = (record.State.Word(), approved, rejected, record.Result is not null);
        return real == (model.Word, model.Approved, model.Rejected, model.Phase == SigningPhase.Completed) ? null : $"the database has {real}";
    }

    private static string? Word(Answer answer)
    {
        var json = JsonDocument.Parse(answer.Body).RootElement;
        return json.GetProperty(answer.Status is HttpStatusCode.OK or HttpStatusCode.Created ? "state" : "code").GetString();
    }
}
