using Google.Protobuf;
using KeyMeld.Gateway.Http;
using KeyMeld.Gateway.Keygen;
using KeyMeld.Gateway.OpenApi;
using KeyMeld.Gateway.Signing.Rounds;
using KeyMeld.Gateway.Storage;
using KeyMeld.Protocol.Errors;
using KeyMeld.Protocol.Http;
using KeyMeld.Protocol.Ids;
using KeyMeld.Protocol.Sessions;
using KeyMeld.Protocol.Signing;
using KeyMeld.Protocol.Statements;
using KeyMeld.Wire.V1;

namespace KeyMeld.Gateway.Signing;

/// <summary>
/// POST /signing/{D}/rounds: a round blob of a member that signs at home, with its authorisation key's signature. Blobs are kept only until the rounds are over, in memory, and where another gateway
/// drives the signing on their way to it: a member has to be there for round 2 in any case, and repeats what it said to a gateway that restarted.
/// </summary>
internal sealed class TakeRound(GatewayParts parts)
{
    public static readonly Operation Operation = new("takeRound", Tags.Signing, "Post a round blob of a member at home")
    {
        Description = "Public nonces or partial signatures, encrypted under the group's secret and signed by the member's authorisation key. The same blob may be posted again. Blobs are kept only "
            + "until the rounds are over: a member repeats what it said to a gateway that restarted.",
        Access = Access.Statement,
        Parameters = [Parameter.Request],
        Body = new Body(ProtocolJson.Default.RoundBlobJson, BodyReader.SigningBody),
        Replies = [Reply.Ok(ProtocolJson.Default.StateJson, "Taken, now or before.")],
        Errors =
        [
            ErrorCodes.Conflict, ErrorCodes.AttemptStale, ErrorCodes.NonceAlreadyUsed, ErrorCodes.RelayFault, ErrorCodes.NotLoaded, ErrorCodes.AttemptsExhausted, ErrorCodes.Rejected, ErrorCodes.Cancelled,
            ErrorCodes.Expired,
        ],
    };

    public async Task HandleAsync(HttpContext context)
    {
        Answers.RequireNoQuery(context);
        var hash = Answers.HashOf(context, "request");
        var body = (await parts.Bodies.ReadAsync(context, ProtocolJson.Default.RoundBlobJson, BodyReader.SigningBody)).Value;
        var blob = body.ToEnvelope();
        if (await parts.SigningStore.FindAsync(hash) is not { } record || await parts.Groups.FindAsync(record.Group) is not { } group)
        {
            throw Refuse(hash, blob);
        }
        Verify(group, record, blob);
        if (record.State.IsFinal())
        {
            throw SigningAnswers.Closed(record.State);
        }
        var place = SigningJob.PlaceOf(group.Manifest.Value, SigningRequest.Parse(record.Statement.Statement).Signers, blob.Node);
        if (await parts.SigningRunner.RoundsAsync(hash) is not { } rounds)
        {
            throw new KeyMeldException(ErrorCodes.Conflict, "The signing is not in its rounds yet.");
        }
        var wire = ToWire(blob);
        var meaning = HomeAnswer.Of(rounds, place, wire);
        if (meaning is HomeAnswer.Refused refusal)
        {
            throw new KeyMeldException(refusal.Code, refusal.Detail);
        }
        if (meaning is not HomeAnswer.Repeats)
        {
            parts.Limits.Key(group.AuthOf(blob.Node.Index)!);
        }
        await parts.SigningRunner.TellAsync(hash, place, wire, context.RequestAborted);
        await SigningAnswers.StateAsync(context, record.State);
    }

    private static void Verify(GroupView group, SigningRecord record, RoundBlobEnvelope blob)
    {
        var request = SigningRequest.Parse(record.Statement.Statement);
        var isHome = blob.Node.Kind == NodeKind.Home && request.Signers.Contains(blob.Node.Index) && group.Manifest.Value.Participants[blob.Node.Index].Enclave is null;
        if (!isHome || group.AuthOf(blob.Node.Index) is not { } auth)
        {
            throw Refuse(record.Request, blob);
        }
        if (!blob.Verify(PurposeOf(blob), request.Roster, record.Request, auth))
        {
            throw Answers.Absent();
        }
    }

    // A blob may be large, and all of it is signed: where nobody's signature would do it is hashed as well.
    private static KeyMeldException Refuse(Hash32 request, RoundBlobEnvelope blob)
    {
        blob.Verify(PurposeOf(blob), default, request, EqualTime.Nobody);
        return Answers.Absent();
    }

    private static string PurposeOf(RoundBlobEnvelope blob) => blob.Tau is null ? Purposes.Round1 : Purposes.Round2;

    private static RoundBlob ToWire(RoundBlobEnvelope blob) => new()
    {
        Attempt = (uint)blob.Attempt,
        NodeKind = (uint)blob.Node.Kind,
        NodeIndex = (uint)blob.Node.Index,
        Boot = ByteString.CopyFrom(blob.Boot.Bytes),
        Tau = blob.Tau is { } tau ? ByteString.CopyFrom(tau.Bytes) : ByteString.Empty,
        Blob = UnsafeByteOperations.UnsafeWrap(blob.Blob),
        Signature = ByteString.CopyFrom(blob.Signature.Bytes),
    };
}
