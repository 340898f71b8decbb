using KeyMeld.Gateway.Http;
using KeyMeld.Gateway.Keygen;
using KeyMeld.Gateway.OpenApi;
using KeyMeld.Gateway.Storage;
using KeyMeld.Gateway.Telemetry;
using KeyMeld.Protocol;
using KeyMeld.Protocol.Errors;
using KeyMeld.Protocol.Http;
using KeyMeld.Protocol.Ids;
using KeyMeld.Protocol.Signing;
using KeyMeld.Protocol.Statements;

namespace KeyMeld.Gateway.Signing;

/// <summary>POST /signing: a request, which runs at once where nobody has to approve it. With <c>Prefer: wait</c> one call signs.</summary>
internal sealed class RequestSigning(GatewayParts parts)
{
    private const int MostUnfinishedOfGroup = 1000;

    public static readonly Operation Operation = new("requestSigning", Tags.Signing, "Request signatures")
    {
        Description = "A signing request with its encrypted items. It runs as soon as the approvals that the group's rule asks for are there; where none are, at once, and with `Prefer: wait=30` one call signs. "
            + "Repeating the same request answers its state; an `Authorization` of a reader adds the result.",
        Access = Access.StatementOrReader,
        Body = new Body(ProtocolJson.Default.SigningPostJson, BodyReader.SigningBody),
        Waits = true,
        Replies = [Reply.Created(ProtocolJson.Default.SigningPostedJson, "The request is taken."), Reply.Ok(ProtocolJson.Default.SigningPostedJson, "This request was posted before.")],
        Errors =
        [
            ErrorCodes.EnclaveMismatch, ErrorCodes.RequestInvalid, ErrorCodes.ItemsInvalid, ErrorCodes.Conflict, ErrorCodes.Erased, .. Refusals.OfWindow, ErrorCodes.SigningClosed,
        ],
    };

    public async Task HandleAsync(HttpContext context)
    {
        Answers.RequireNoQuery(context);
        var clock = StepClock.Accepting(parts.Telemetry);
        var body = await parts.Bodies.ReadAsync(context, ProtocolJson.Default.SigningPostJson, BodyReader.SigningBody);
        var read = Signed.Read<SigningRequest>(body.Value.Request.ToStatement());
        var (group, request) = await VerifyAsync(read);
        var reader = await parts.Readers.FindAsync(context, body.Bytes);
        using var wait = Waits.Begin(parts, context, parts.SigningNews, request.Digest);
        var isNew = await parts.SigningStore.GroupOfAsync(request.Digest) is null && await AddAsync(group, request, body.Value.Items, clock);
        var news = wait is null ? null : await UntilFinalAsync(wait, request.Digest, isNew, context.RequestAborted);
        if (news is null && (wait is not null || !isNew))
        {
            var record = (await parts.SigningStore.FindAsync(request.Digest))!;
            news = new SigningNews(record.State, record.Attempts, record.Result, record.Error);
        }
        // Whoever repeats a statement need not be who made it: then the state is all that is said.
        var mayRead = isNew || (reader is not null && await parts.GroupStore.HasReaderAsync(group.Hash, reader.Bytes));
        var state = news?.State ?? (IsComplete(group, request) ? SigningState.Running : SigningState.Waiting);
        var answer = new SigningPostedJson(request.Digest, state.Word(), mayRead ? SigningAnswers.Result(news?.Result) : null);
        await Answers.JsonAsync(context, isNew ? StatusCodes.Status201Created : StatusCodes.Status200OK, answer, ProtocolJson.Default.SigningPostedJson);
    }

    private async ValueTask<(GroupView Group, Signed<SigningRequest> Request)> VerifyAsync(Unverified<SigningRequest> read)
    {
        var group = await parts.Groups.FindByRosterAsync(read.Value.Roster);
        var key = group is null ? null : read.Value.By is { } by ? group.AuthOf(by) : group.Manifest.Value.Creator;
        return (group!, EqualTime.Require(read, key));
    }

    private async Task<SigningNews?> UntilFinalAsync(Waiting<SigningNews> wait, Hash32 request, bool isNew, CancellationToken aborted)
    {
        // News from before this call subscribed are in the database only.
        if (!isNew && await parts.SigningStore.FindAsync(request) is { } record && record.State.IsFinal())
        {
            return new SigningNews(record.State, record.Attempts, record.Result, record.Error);
        }
        return await wait.UntilAsync(SigningAnswers.IsFinal, aborted);
    }

    private async Task<bool> AddAsync(GroupView group, Signed<SigningRequest> request, byte[] items, StepClock clock)
    {
        // Once for each envelope that may be erased in between.
        for (var tries = 0; tries <= Limits.Participants; tries++)
        {
            if (await TryAddAsync(group, request, items, clock) is { } added)
            {
                return added;
            }
            parts.Groups.Forget(group.Hash);
            group = await parts.Groups.FindAsync(group.Hash) ?? throw Answers.Absent();
        }
        throw new KeyMeldException(ErrorCodes.Unavailable, "Too many erase their keys in this group at once.");
    }

    /// <summary>Null where the group is not what it was taken for.</summary>
    private async Task<bool?> TryAddAsync(GroupView group, Signed<SigningRequest> request, byte[] items, StepClock clock)
    {
        Check(group, request.Value, items);
        parts.Limits.Key(request.Value.By is { } by ? group.AuthOf(by)! : group.Manifest.Value.Creator);
        var statement = StoredStatement.From(request.Statement);
        var complete = IsComplete(group, request);
        // Made before anything is stored: what cannot be driven is refused.
        var job = new SigningJob(group, request.Digest, request.Value, statement, items, []);
        var signing = new NewSigning(request.Digest, group.Hash, request.Value.Signing, request.Value.Expires, statement, items, group.WithoutEnvelope);
        switch (await parts.SigningStore.AddAsync(signing, complete ? parts.SigningRunner.NewLease() : null, MostUnfinishedOfGroup))
        {
            case AddedSigning.Added:
                parts.SigningRunner.Watch(request.Digest, request.Value.Expires);
                if (complete)
                {
                    parts.SigningRunner.Run(job, clock);
                }
                return true;
            case AddedSigning.Repeated:
                return false;
            case AddedSigning.Changed:
                return null;
            case AddedSigning.Taken:
                throw new KeyMeldException(ErrorCodes.Conflict, "Another request stands under this signing id.");
            default:
                throw new KeyMeldException(ErrorCodes.LimitExceeded, $"The group has {MostUnfinishedOfGroup} unfinished signings; cancel some or let them expire.");
        }
    }

    private void Check(GroupView group, SigningRequest request, byte[] items)
    {
        if (request.By is null && !group.Manifest.Value.CreatorRequests)
        {
            throw new KeyMeldException(ErrorCodes.RequestInvalid, "The creator of this group may not request.");
        }
        if (request.Signers[^1] >= group.Members.Length)
        {
            throw new KeyMeldException(ErrorCodes.RequestInvalid, $"The group has no participant {request.Signers[^1]} to sign.");
        }
        if (Hash32.Sha256(items) != request.Sealed)
        {
            throw new KeyMeldException(ErrorCodes.ItemsInvalid, "The items are not those the request names.");
        }
        if (request.Signers.Any(group.IsErased))
        {
            throw new KeyMeldException(ErrorCodes.Erased, "A signer erased its key.");
        }
        RequestWindow.Check(group.Manifest.Value, request, parts.NowMs);
        foreach (var node in Nodes.Of(group.Manifest.Value, request.Signers).Where(node => node.Kind == NodeKind.Enclave))
        {
            parts.Fleet.Get((uint)group.Manifest.Value.Enclaves[node.Index].Id);
        }
    }

    private static bool IsComplete(GroupView group, Signed<SigningRequest> request) => group.Rule.Evaluate(request, []) is ApprovalState.Complete;
}
