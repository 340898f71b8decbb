// protocol.md section 6, "Approval", from the approver's side.
using KeyMeld.Protocol.Errors;
using KeyMeld.Protocol.Http;
using KeyMeld.Protocol.Ids;
using KeyMeld.Protocol.Signing;
using KeyMeld.Protocol.Statements;

namespace KeyMeld.Client;

/// <summary>Approves, rejects and cancels. A decision is stored before it is posted, and posted again byte for byte.</summary>
internal sealed class SigningDecisions(GatewayTransport transport, EnclaveVerifier verifier, Profile profile, SigningProgress progress, TimeProvider time)
{
    public async Task<SigningOutcome> ApproveAsync(SigningReview review, ApproveOptions options, bool isOpaque, CancellationToken cancellationToken)
    {
        var group = review.Group;
        var member = group.MyIndex ?? throw new KeyMeldException(ErrorCodes.NotFound, "This profile has no place in the group.");
        RequireShown(review, isOpaque);
        Chains.RefuseRaw(review.Items.Select(item => item.OwnTweaks).OfType<TweakChain>(), options.AcceptRawTweaks, "Approve only if you accept that explicitly (AcceptRawTweaks).");
        RequestWindow.Check(group.Manifest, review.Request.Value, UnixTime.Now(time));
        await verifier.VerifyAsync(RequestCheck.HostsOf(review.Request), cancellationToken).ConfigureAwait(false);
        // The requester's own approval is its request.
        if (review.RequestedBy != member)
        {
            await DecideAsync(review.Reference, review.Request.Request.Statement, group.Members[member].User, Decision.Approve, cancellationToken).ConfigureAwait(false);
        }
        return await progress.StatusAsync(review.Reference, cancellationToken).ConfigureAwait(false);
    }

    public async Task<SigningOutcome> RejectAsync(SigningReference reference, CancellationToken cancellationToken)
    {
        var review = await progress.ReviewAsync(reference, cancellationToken).ConfigureAwait(false);
        var member = review.Group.MyIndex ?? throw new KeyMeldException(ErrorCodes.NotFound, "This profile has no place in the group.");
        await DecideAsync(reference, review.Request.Request.Statement, review.Group.Members[member].User, Decision.Reject, cancellationToken).ConfigureAwait(false);
        return await progress.StatusAsync(reference, cancellationToken).ConfigureAwait(false);
    }

    public async Task<SigningOutcome> CancelAsync(SigningReference reference, CancellationToken cancellationToken)
    {
        progress.RequireThisGateway(reference);
        var record = profile.SigningRecords.Find(reference.Request);
        if (record is not { Requested: true })
        {
            throw new KeyMeldException(ErrorCodes.NotFound, "This profile did not request that signing.");
        }
        var group = profile.GroupRecords.Get(record.Group);
        using var key = SigningRequest.Parse(record.Statement.Statement).By is null ? profile.GetCreator(group) : profile.GetAuthorisation(group);
        var cancel = StatementSigner.Sign(new Cancel { Request = reference.Request, Created = UnixTime.Now(time) }, key);
        await PostAsync(GatewayTargets.Cancel(reference.Request), SignedJson.Of(cancel.Statement), cancellationToken).ConfigureAwait(false);
        return await progress.StatusAsync(reference, cancellationToken).ConfigureAwait(false);
    }

    private static void RequireShown(SigningReview review, bool isOpaque)
    {
        foreach (var item in review.Items)
        {
            switch (item.Content)
            {
                case ItemContent.Shown or ItemContent.Matched:
                case ItemContent.Opaque when isOpaque:
                    break;
                case ItemContent.Opaque:
                    throw new KeyMeldException(ErrorCodes.OpaqueMessage, $"Nothing shows what item {item.Index} ({item.Message}) is; give its content, or approve it as opaque.");
                case ItemContent.Mismatch:
                    throw new KeyMeldException(ErrorCodes.ContextMismatch, $"SECURITY: item {item.Index} shows a content that is not what would be signed.");
                default:
                    throw new KeyMeldException(ErrorCodes.Unsupported, $"Item {item.Index} holds something this version cannot show; it does not approve that.");
            }
        }
    }

    private async Task DecideAsync(SigningReference reference, SignedStatement request, Id16 user, Decision decision, CancellationToken cancellationToken)
    {
        var group = profile.GroupRecords.Get(reference.Group);
        using var key = profile.GetAuthorisation(group);
        var fresh = SignedJson.Of(StatementSigner.Sign(new Approval { Request = reference.Request, User = user, Decision = decision, Created = UnixTime.Now(time) }, key).Statement);
        SignedJson statement = fresh;
        profile.SigningRecords.Update(reference.Request, stored =>
        {
            stored ??= new SigningRecord { Version = ProfileLayout.Version, Gateway = group.Gateway, Group = group.Group, Request = reference.Request, Statement = SignedJson.Of(request) };
            if (decision == Decision.Reject)
            {
                statement = stored.Rejection ?? fresh;
                return stored.Rejection is null ? stored with { Rejection = fresh } : stored;
            }
            if (stored.Rejection is not null)
            {
                throw new KeyMeldException(ErrorCodes.Rejected, "This profile rejected the request; that is final.");
            }
            statement = stored.Approval ?? fresh;
            return stored.Approval is null ? stored with { Approval = fresh } : stored;
        });
        await PostAsync(GatewayTargets.Approvals(reference.Request), statement, cancellationToken).ConfigureAwait(false);
    }

    private Task<StateJson> PostAsync(string target, SignedJson statement, CancellationToken cancellationToken)
    {
        var body = ProtocolJson.Utf8(statement, ProtocolJson.Default.SignedJson);
        return transport.SendAsync(new GatewayCall<StateJson>(HttpMethod.Post, target, ProtocolJson.Default.StateJson) { Body = body }, cancellationToken);
    }
}
