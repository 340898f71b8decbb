using KeyMeld.Gateway.Http;
using KeyMeld.Gateway.OpenApi;
using KeyMeld.Gateway.Signing.Rounds;
using KeyMeld.Gateway.Storage;
using KeyMeld.Protocol.Http;
using KeyMeld.Protocol.Ids;
using KeyMeld.Protocol.Statements;
using KeyMeld.Secp256k1;

namespace KeyMeld.Gateway.Signing;

/// <summary>
/// GET /signing/{D}/rounds: what the rounds want of the calling member, who signs at home. With <c>Prefer: wait</c> the answer is held back until they want something or
/// the signing is final: nobody polls.
/// </summary>
internal sealed class ShowRounds(GatewayParts parts)
{
    public static readonly Operation Operation = new("showRounds", Tags.Signing, "Get what is due from a member at home")
    {
        Description = "What the rounds want of the calling member, who signs at home. With `Prefer: wait` the answer is held back until they want something or the signing is final.",
        Access = Access.Reader,
        Parameters = [Parameter.Request],
        Waits = true,
        Replies = [Reply.Ok(ProtocolJson.Default.RoundsJson)],
    };

    public async Task HandleAsync(HttpContext context)
    {
        Answers.RequireNoQuery(context);
        var hash = Answers.HashOf(context, "request");
        var key = await parts.Readers.RequireAsync(context);
        var place = await SigningAnswers.MayReadAsync(parts, hash, key) ? await PlaceOfAsync(hash, key) : null;
        if (place is not { } home)
        {
            throw Answers.Absent();
        }
        using var wait = Waits.Begin(parts, context, parts.RoundNews, hash);
        var rounds = await LookAsync(hash, home);
        if (rounds is { IsFinal: false, Json.Round: null } && wait is not null)
        {
            await wait.UntilAsync(async _ => (rounds = await LookAsync(hash, home)) is { IsFinal: true } or { Json.Round: not null }, context.RequestAborted);
        }
        await Answers.JsonAsync(context, StatusCodes.Status200OK, rounds.Json, ProtocolJson.Default.RoundsJson);
    }

    /// <summary>The caller's place among the nodes, where it signs this request at home.</summary>
    private async ValueTask<int?> PlaceOfAsync(Hash32 request, XOnlyPublicKey key)
    {
        if (await parts.SigningStore.FindAsync(request) is not { } record || await parts.Groups.FindAsync(record.Group) is not { } group)
        {
            return null;
        }
        var signers = SigningRequest.Parse(record.Statement.Statement).Signers;
        foreach (var signer in signers)
        {
            if (group.Manifest.Value.Participants[signer].Enclave is null && key.Equals(group.AuthOf(signer)))
            {
                return SigningJob.PlaceOf(group.Manifest.Value, signers, NodeId.Home(signer));
            }
        }
        return null;
    }

    private async ValueTask<(bool IsFinal, RoundsJson Json)> LookAsync(Hash32 request, int place)
    {
        // First the rounds, then the database: a state that is final there has been announced, or will be.
        var rounds = await parts.SigningRunner.RoundsAsync(request);
        var state = await parts.SigningStore.StateOfAsync(request) ?? SigningState.Failed;
        var (round, round1) = state == SigningState.Running && rounds is not null ? Due(rounds, place) : (null, null);
        return (state.IsFinal(), new RoundsJson(request, state.Word(), rounds?.Number, round, round1));
    }

    private static (string? Round, IReadOnlyList<RoundBlobJson>? Round1) Due(RoundState state, int place) => state switch
    {
        RoundState.Gathering gathering when gathering.Round1[place] is null => (RoundsJson.First, null),
        RoundState.Signing signing when signing.Round2[place] is null => (RoundsJson.Second, [.. signing.Round1.Select(SigningAnswers.Blob)]),
        _ => (null, null),
    };
}
