using KeyMeld.Gateway.Http;
using KeyMeld.Gateway.Keygen;
using KeyMeld.Gateway.OpenApi;
using KeyMeld.Gateway.Storage;
using KeyMeld.Gateway.Telemetry;
using KeyMeld.Protocol.Errors;
using KeyMeld.Protocol.Http;
using KeyMeld.Protocol.Ids;
using KeyMeld.Protocol.Signing;
using KeyMeld.Protocol.Statements;

namespace KeyMeld.Gateway.Signing;

/// <summary>POST /signing/{D}/approvals: a member approves or rejects. The decision that completes the rule starts the rounds; a reject ends the signing.</summary>
internal sealed class DecideSigning(GatewayParts parts)
{
    public static readonly Operation Operation = new("decideSigning", Tags.Signing, "Approve or reject a request")
    {
        Description = "An `approval` statement of a member. The one that completes the group's rule starts the rounds; a rejection ends the signing.",
        Access = Access.Statement,
        Parameters = [Parameter.Request],
        Body = new Body(ProtocolJson.Default.SignedJson, BodyReader.StatementBody),
        Waits = true,
        Replies = [Reply.Ok(ProtocolJson.Default.StateJson, "Counted, now or before.")],
        Errors = [ErrorCodes.Rejected, ErrorCodes.Cancelled, ErrorCodes.Expired, ErrorCodes.Conflict],
    };

    public async Task HandleAsync(HttpContext context)
    {
        Answers.RequireNoQuery(context);
        var hash = Answers.HashOf(context, "request");
        var body = (await parts.Bodies.ReadAsync(context, ProtocolJson.Default.SignedJson, BodyReader.StatementBody)).Value;
        var statement = body.ToStatement();
        var read = Signed.Read<Approval>(statement);
        if (await parts.SigningStore.GroupOfAsync(hash) is not { } groupHash || await parts.Groups.FindAsync(groupHash) is not { } group)
        {
            throw EqualTime.Refuse(read);
        }
        // What is no member's, or of another request, is refused before its signature is looked at; not so what is not there.
        var vote = read.Value.Request == hash && group.PlaceOf(read.Value.User) is not null ? Verify(group, hash, statement) : throw EqualTime.Refuse(read);
        using var wait = Waits.Begin(parts, context, parts.SigningNews, hash);
        var added = await AddAsync(group, hash, vote);
        Check(added, vote.Decision);
        var state = !added.State.IsFinal() && wait is not null && await wait.UntilAsync(SigningAnswers.IsFinal, context.RequestAborted) is { } news ? news.State : added.State;
        await SigningAnswers.StateAsync(context, state);
    }

    private static Vote Verify(GroupView group, Hash32 request, SignedStatement statement)
    {
        try
        {
            return group.Rule.Read(request, statement);
        }
        catch (KeyMeldException refusal) when (refusal.Code == ErrorCodes.ApprovalInvalid)
        {
            throw Answers.Absent();
        }
    }

    private async Task<AddedApproval> AddAsync(GroupView group, Hash32 hash, Vote vote)
    {
        var clock = StepClock.Accepting(parts.Telemetry);
        var record = (await parts.SigningStore.FindAsync(hash))!;
        if (!record.State.IsFinal() && record.Approvals.All(approval => approval.Participant != vote.Participant))
        {
            parts.Limits.Key(group.AuthOf(vote.Participant)!);
        }
        var value = SigningRequest.Parse(record.Statement.Statement);
        var request = Signed.Parse<SigningRequest>(record.Statement.ToSigned(), Requester.KeyOf(group.Manifest.Value, [.. group.Members.Select(member => member!.Value.Auth)], value));
        var votes = new VoteBook(group.Rule, hash, vote, record.Approvals);
        var approval = new StoredApproval(vote.Participant, vote.Decision == Decision.Approve, StoredStatement.From(vote.Statement.Statement));
        var added = await parts.SigningStore.AddApprovalAsync(
            hash, approval, all => group.Rule.Evaluate(request, votes.Of(all)) is ApprovalState.Complete, parts.SigningRunner.NewLease());
        if (added.Started)
        {
            record = (await parts.SigningStore.FindAsync(hash))!;
            parts.SigningRunner.Run(new SigningJob(group, hash, value, record.Statement, record.Items, record.Approvals), clock);
        }
        if (added is { Stands: true, State: SigningState.Rejected } && record.State != SigningState.Rejected)
        {
            var outcome = new SigningOutcome(SigningState.Rejected, null, new StoredError(ErrorCodes.Rejected, "A member rejected it."));
            parts.SigningRunner.Ended(hash, outcome, record.Attempts);
        }
        return added;
    }

    // An approval of what is signed already is no error; a decision that came too late to count is.
    private static void Check(AddedApproval added, Decision decision)
    {
        var counts = added.Stands || !added.State.IsFinal() || (decision == Decision.Approve && added.State == SigningState.Completed);
        if (!counts)
        {
            throw SigningAnswers.Closed(added.State);
        }
    }

    /// <summary>Votes of stored decisions, each verified once, and outside the writer unless it came in meanwhile.</summary>
    private sealed class VoteBook
    {
        private readonly ApprovalRule _rule;
        private readonly Hash32 _request;
        private readonly Dictionary<Hash32, Vote> _votes;

        public VoteBook(ApprovalRule rule, Hash32 request, Vote own, IEnumerable<StoredApproval> known)
        {
            (_rule, _request) = (rule, request);
            _votes = new Dictionary<Hash32, Vote> { [own.Statement.Hash] = own };
            _ = Of([.. known]);
        }

        public List<Vote> Of(IReadOnlyList<StoredApproval> all) => [.. all.Select(approval =>
        {
            var hash = approval.Statement.Hash;
            return _votes.TryGetValue(hash, out var vote) ? vote : _votes[hash] = _rule.Read(_request, approval.Statement.ToSigned());
        })];
    }
}
