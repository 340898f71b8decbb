using Google.Protobuf;
using KeyMeld.Gateway.Fleet;
using KeyMeld.Gateway.Http;
using KeyMeld.Gateway.OpenApi;
using KeyMeld.Gateway.Storage;
using KeyMeld.Protocol.Errors;
using KeyMeld.Protocol.Http;
using KeyMeld.Protocol.Statements;
using KeyMeld.Wire.V1;

namespace KeyMeld.Gateway.Keygen;

/// <summary>POST /keygen/{group}/erase: by the creator before the group is formed, by each member for its own envelope afterwards (protocol.md section 8).</summary>
internal sealed class EraseGroup(GatewayParts parts)
{
    public static readonly Operation Operation = new("eraseGroup", Tags.Groups, "Erase a group, or a member's own key in it")
    {
        Description = "An `erase` statement: by the creator, without a user, before the group is formed; afterwards by each member for its own envelope. What was erased does not come back.",
        Access = Access.Statement,
        Parameters = [Parameter.Group],
        Body = new Body(ProtocolJson.Default.SignedJson, BodyReader.StatementBody),
        Replies = [Reply.Ok(ProtocolJson.Default.StateJson, "Erased, now or before.")],
        Errors = [ErrorCodes.AlreadyFormed, ErrorCodes.GroupNotFormed],
    };

    public async Task HandleAsync(HttpContext context)
    {
        Answers.RequireNoQuery(context);
        var hash = Answers.HashOf(context, "group");
        var body = (await parts.Bodies.ReadAsync(context, ProtocolJson.Default.SignedJson, BodyReader.StatementBody)).Value;
        var erase = Signed.Read<Erase>(body.ToStatement());
        if (await parts.Groups.FindAsync(hash) is not { } group)
        {
            var absent = EqualTime.Refuse(erase);
            var repeated = await parts.GroupStore.FindAsync(hash) is { State: GroupState.Erased } erased && erased.EraseStatement == body.ToStatement().Hash;
            await AnswerAsync(context, repeated ? GroupState.Erased : throw absent);
            return;
        }
        var place = erase.Value.User is { } user ? group.PlaceOf(user) : null;
        var key = erase.Value.User is null ? group.Manifest.Value.Creator : place is { } index ? group.AuthOf(index) : null;
        var verified = EqualTime.Require(erase, erase.Value.Manifest == hash ? key : null);
        var mayChange = place is { } member ? group.State == GroupState.Formed && !group.IsErased(member) : group.State != GroupState.Formed;
        if (mayChange)
        {
            parts.Limits.Key(key!);
        }
        await AnswerAsync(context, place is { } own ? await EraseMemberAsync(group, own) : await EraseAllAsync(group, verified));
    }

    private static Task AnswerAsync(HttpContext context, GroupState state) =>
        Answers.JsonAsync(context, StatusCodes.Status200OK, new StateJson(state.Word()), ProtocolJson.Default.StateJson);

    private async Task<GroupState> EraseAllAsync(GroupView group, Signed<Erase> erase)
    {
        if (!await parts.GroupStore.EraseAsync(group.Hash, erase.Hash))
        {
            parts.Groups.Forget(group.Hash);
            return await parts.Groups.FindAsync(group.Hash) is null ? GroupState.Erased : throw new KeyMeldException(ErrorCodes.AlreadyFormed, "The group is formed.");
        }
        parts.GroupRunner.Announce(group.Hash, GroupState.Erased);
        parts.Telemetry.GroupEnded(group.Hash, GroupState.Erased, null);
        await ForgetAsync(group.Manifest.Value.Enclaves, new UntrustedForget { Manifest = ByteString.CopyFrom(group.Hash.Bytes) });
        return GroupState.Erased;
    }

    private async Task<GroupState> EraseMemberAsync(GroupView group, int place)
    {
        if (group.State != GroupState.Formed)
        {
            throw new KeyMeldException(ErrorCodes.GroupNotFormed, "Before the group is formed only its creator can erase it.");
        }
        if (group.Manifest.Value.Participants[place].Enclave is null)
        {
            throw new KeyMeldException(ErrorCodes.BadRequest, "This member keeps its key at home: there is nothing of it to erase here.");
        }
        if (await parts.GroupStore.EraseEnvelopeAsync(group.Hash, place))
        {
            parts.GroupRunner.Announce(group.Hash, GroupState.Formed);
            await parts.SigningRunner.CloseForErasedAsync(group.Hash, place);
            var participant = group.Manifest.Value.Participants[place];
            await ForgetAsync(
                [group.Manifest.Value.Enclaves[participant.Enclave!.Value]],
                new UntrustedForget { Manifest = ByteString.CopyFrom(group.Hash.Bytes), User = ByteString.CopyFrom(participant.User.Bytes) });
        }
        return GroupState.Formed;
    }

    // An enclave that is away now has nothing in memory when it comes back.
    private async Task ForgetAsync(IEnumerable<EnclaveKeys> enclaves, UntrustedForget forget)
    {
        foreach (var link in enclaves.Select(enclave => parts.Fleet.Find((uint)enclave.Id)).OfType<EnclaveLink>().Where(link => link.View.IsReady))
        {
            try
            {
                await link.Calls.ForgetAsync(forget, CancellationToken.None);
            }
            catch (KeyMeldException exception) when (exception.Code == ErrorCodes.EnclaveUnreachable)
            {
            }
        }
    }
}
