using KeyMeld.Gateway.Keygen;
using KeyMeld.Gateway.Signing;
using KeyMeld.Gateway.Signing.Rounds;
using KeyMeld.Gateway.Storage;
using KeyMeld.Gateway.Telemetry;
using KeyMeld.Protocol.Errors;
using KeyMeld.Protocol.Ids;
using KeyMeld.Protocol.Signing;
using KeyMeld.Protocol.Statements;

namespace KeyMeld.Gateway.Dashboard.Sections;

/// <summary>Signings in flight, with the step each waits at and for whom.</summary>
internal sealed class SigningsSection(GatewayParts parts)
{
    private const int Shown = 50;

    // Approvals are verified once for each number of them, not at every look.
    private Dictionary<(Hash32 Request, int Approvals), NeedsJson> _needs = [];

    public async Task<SigningsJson> ReadAsync()
    {
        var inFlight = await parts.OverviewStore.InFlightAsync(Shown);
        var rows = new List<SigningFactsJson>(inFlight.Nearest.Length);
        var needs = new Dictionary<(Hash32, int), NeedsJson>();
        foreach (var row in inFlight.Nearest)
        {
            if (await parts.Groups.FindAsync(row.Group) is { IsComplete: true } group)
            {
                rows.Add(Show(row, group, needs));
            }
        }
        _needs = needs;
        return new SigningsJson(inFlight.Waiting, inFlight.Running, OverviewCounts.CountedTo, rows);
    }

    private SigningFactsJson Show(InFlightSigning row, GroupView group, Dictionary<(Hash32, int), NeedsJson> kept)
    {
        var request = SigningRequest.Parse(row.Statement.Statement);
        var (step, needs, trouble) = row.State == SigningState.Waiting
            ? ("approval", kept[(row.Request, row.Approvals.Length)] = _needs.GetValueOrDefault((row.Request, row.Approvals.Length)) ?? Approvals(row, request, group), null)
            : parts.SigningRunner.Find(row.Request) is { } run ? Rounds(run) : ("elsewhere", NeedsJson.Nothing, null);
        return new SigningFactsJson(
            row.Request.ToString(), row.Group.ToString(), row.State.Word(), step, row.Attempts, request.Items, request.Created, row.Expires, needs,
            trouble?.Code, trouble is null ? null : ErrorCodes.Get(trouble.Code).Action);
    }

    private static NeedsJson Approvals(InFlightSigning row, SigningRequest value, GroupView group)
    {
        var request = Signed.Parse<SigningRequest>(row.Statement.ToSigned(), Requester.KeyOf(group.Manifest.Value, [.. group.Members.Select(member => member!.Value.Auth)], value));
        var votes = row.Approvals.Select(approval => group.Rule.Read(row.Request, approval.Statement.ToSigned()));
        return group.Rule.Evaluate(request, votes) is ApprovalState.Waiting waiting
            ? new NeedsJson(People.Of(group, waiting.Signers), waiting.Votes == 0 ? [] : People.Of(group, waiting.Approvers), waiting.Votes, [])
            : NeedsJson.Nothing;
    }

    private (string Step, NeedsJson Needs, StoredError? Trouble) Rounds(SigningRun run)
    {
        var (state, job) = (run.State, run.Job);
        var step = SigningSteps.Of(state) ?? SigningStep.Persist;
        var needs = state switch
        {
            RoundState.Gathering gathering => Missing(job, place => gathering.Round1[place] is null && place >= job.Nodes.Length),
            RoundState.Opening opening => Missing(job, place => opening.Round1[place] is null),
            RoundState.Signing signing => Missing(job, place => signing.Round2[place] is null),
            RoundState.Parked => Missing(job, place => place < job.Nodes.Length && parts.Fleet.Find(job.NumberOf(job.Nodes[place])) is not { View.IsReady: true }),
            _ => NeedsJson.Nothing,
        };
        return (step.Word(), needs, (state as RoundState.Parked)?.Trouble);
    }

    // Nodes: the enclaves, then the members at home.
    private static NeedsJson Missing(SigningJob job, Func<int, bool> isMissing) => new(
        People.Of(job.Group, Enumerable.Range(0, job.Homes.Length).Where(home => isMissing(job.Nodes.Length + home)).Select(home => job.Homes[home])),
        [],
        0,
        [.. Enumerable.Range(0, job.Nodes.Length).Where(isMissing).Select(node => (int)job.NumberOf(job.Nodes[node]))]);
}
