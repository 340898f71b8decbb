using KeyMeld.Gateway.Http;
using KeyMeld.Gateway.Keygen;
using KeyMeld.Gateway.OpenApi;
using KeyMeld.Gateway.Storage;
using KeyMeld.Protocol.Errors;
using KeyMeld.Protocol.Http;
using KeyMeld.Protocol.Ids;
using KeyMeld.Protocol.Signing;
using KeyMeld.Protocol.Statements;
using KeyMeld.Secp256k1;

namespace KeyMeld.Gateway.Signing;

/// <summary>POST /signing/{D}/cancel: the requester takes a request back that is not signed yet.</summary>
internal sealed class CancelSigning(GatewayParts parts)
{
    public static readonly Operation Operation = new("cancelSigning", Tags.Signing, "Cancel a request")
    {
        Description = "A `cancel` statement of the requester, as long as the signing is not final.",
        Access = Access.Statement,
        Parameters = [Parameter.Request],
        Body = new Body(ProtocolJson.Default.SignedJson, BodyReader.StatementBody),
        Replies = [Reply.Ok(ProtocolJson.Default.StateJson, "Cancelled, now or before.")],
        Errors = [ErrorCodes.Rejected, ErrorCodes.Expired, ErrorCodes.Conflict],
    };

    public async Task HandleAsync(HttpContext context)
    {
        Answers.RequireNoQuery(context);
        var hash = Answers.HashOf(context, "request");
        var body = (await parts.Bodies.ReadAsync(context, ProtocolJson.Default.SignedJson, BodyReader.StatementBody)).Value;
        var read = Signed.Read<Cancel>(body.ToStatement());
        if (await parts.SigningStore.FindAsync(hash) is not { } record || await parts.Groups.FindAsync(record.Group) is not { } group)
        {
            throw EqualTime.Refuse(read);
        }
        var requester = Verify(group, record, read, hash);
        if (!record.State.IsFinal())
        {
            parts.Limits.Key(requester);
        }
        var outcome = new SigningOutcome(SigningState.Cancelled, null, new StoredError(ErrorCodes.Cancelled, "The requester cancelled it."));
        if (await parts.SigningStore.CloseAsync(hash, outcome))
        {
            parts.SigningRunner.Ended(hash, outcome, record.Attempts);
        }
        else if ((await parts.SigningStore.FindAsync(hash))!.State is not SigningState.Cancelled and var state)
        {
            throw SigningAnswers.Closed(state);
        }
        await SigningAnswers.StateAsync(context, SigningState.Cancelled);
    }

    private static XOnlyPublicKey Verify(GroupView group, SigningRecord record, Unverified<Cancel> read, Hash32 hash)
    {
        var request = SigningRequest.Parse(record.Statement.Statement);
        var key = Requester.KeyOf(group.Manifest.Value, [.. group.Members.Select(member => member!.Value.Auth)], request);
        EqualTime.Require(read, read.Value.Request == hash ? key : null);
        return key;
    }
}
