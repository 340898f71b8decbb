using Google.Protobuf;
using KeyMeld.Gateway.Http;
using KeyMeld.Gateway.OpenApi;
using KeyMeld.Gateway.Storage;
using KeyMeld.Protocol.Errors;
using KeyMeld.Protocol.Groups;
using KeyMeld.Protocol.Http;
using KeyMeld.Secp256k1;
using KeyMeld.Wire.V1;

namespace KeyMeld.Gateway.Keygen;

/// <summary>POST /keygen/{group}/make-key: has the place's enclave make the member key. For the place's admission key only; nothing is stored, the registration brings the key back.</summary>
internal sealed class MakeMemberKey(GatewayParts parts)
{
    private const int MostSealedBytes = 256;

    public static readonly Operation Operation = new("makeMemberKey", Tags.Groups, "Have an enclave make a member key")
    {
        Description = "For the place's admission key. `b` is the CBOR that binds the key to its place, `sealed` a response secret sealed to the enclave; the answer opens with that secret only. Nothing is stored: "
            + "the registration brings the key back.",
        Access = Access.Reader,
        Parameters = [Parameter.Group],
        Body = new Body(ProtocolJson.Default.MakeKeyRequestJson, BodyReader.StatementBody),
        Replies = [Reply.Ok(ProtocolJson.Default.AnswerJson, "The public key, its proof of possession and the self-sealed secret, encrypted for the caller.")],
        Errors =
        [
            .. Refusals.OfEnclave, ErrorCodes.StatementInvalid, ErrorCodes.ManifestInvalid, ErrorCodes.RegistrationInvalid, ErrorCodes.EnvelopeUnreadable, ErrorCodes.SlotTaken, ErrorCodes.JoinClosed, ErrorCodes.Erased,
        ],
    };

    public async Task HandleAsync(HttpContext context)
    {
        Answers.RequireNoQuery(context);
        var hash = Answers.HashOf(context, "group");
        var body = await parts.Bodies.ReadAsync(context, ProtocolJson.Default.MakeKeyRequestJson, BodyReader.StatementBody);
        var member = PlacedMember.Parse(body.Value.B);
        var caller = await parts.Readers.FindAsync(context, body.Bytes)
            ?? throw new KeyMeldException(ErrorCodes.Unauthorized, "This call needs an Authorization of the place's admission key.");
        var group = await parts.Groups.FindAsync(hash);
        if (group is null || member.Manifest != hash || !IsAdmitted(group, member, caller))
        {
            // An erased group knows its readers, not their places.
            throw group is null && await parts.GroupStore.HasReaderAsync(hash, caller.Bytes) ? new KeyMeldException(ErrorCodes.Erased, "This group was erased.") : Answers.Absent();
        }
        var place = member.RequireMadeFor(group.Manifest);
        Check(group, place, body.Value.Sealed);
        var enclave = group.Manifest.Value.Enclaves[member.Enclave!.Value];
        var reply = await parts.Fleet.Get((uint)enclave.Id).RequireReady().MakeMemberKeyAsync(
            new UntrustedMakeMemberKey
            {
                Manifest = group.Record.Manifest!.ToWire(),
                Binding = UnsafeByteOperations.UnsafeWrap(body.Value.B),
                Sealed = UnsafeByteOperations.UnsafeWrap(body.Value.Sealed),
            },
            context.RequestAborted);
        await Answers.JsonAsync(context, StatusCodes.Status200OK, new AnswerJson(reply.Answer.ToByteArray()), ProtocolJson.Default.AnswerJson);
    }

    private static bool IsAdmitted(GroupView group, PlacedMember member, XOnlyPublicKey caller) =>
        group.PlaceOf(member.User) is { } place && group.Manifest.Value.Participants[place].Admission.Equals(caller);

    private static void Check(GroupView group, int place, byte[] sealedSecret)
    {
        if (sealedSecret.Length is 0 or > MostSealedBytes)
        {
            throw new KeyMeldException(ErrorCodes.BadRequest, "sealed must hold one HPKE blob.");
        }
        if (group.RowOf(place) is not null)
        {
            throw new KeyMeldException(ErrorCodes.SlotTaken, "A registration stands in this place already.");
        }
        if (group.State != GroupState.Joining)
        {
            throw new KeyMeldException(ErrorCodes.JoinClosed, $"The group is {group.State.Word()}.");
        }
    }
}
