using KeyMeld.Gateway.Http;
using KeyMeld.Gateway.OpenApi;
using KeyMeld.Gateway.Storage;
using KeyMeld.Protocol.Errors;
using KeyMeld.Protocol.Http;
using KeyMeld.Secp256k1;

namespace KeyMeld.Gateway.Keygen;

/// <summary>GET /keygen/{group}: everything of a group that its members need to verify it, for its creator, admission and authorisation keys.</summary>
internal sealed class ShowGroup(GatewayParts parts)
{
    public static readonly Operation Operation = new("showGroup", Tags.Groups, "Get a group")
    {
        Description = "Everything of a group that its members need to verify it. For its creator's, admission and authorisation keys; for everybody else it does not exist.",
        Access = Access.Reader,
        Parameters = [Parameter.Group],
        Waits = true,
        Replies = [Reply.Ok(ProtocolJson.Default.KeygenJson)],
        Errors = [ErrorCodes.Erased],
    };

    public async Task HandleAsync(HttpContext context)
    {
        Answers.RequireNoQuery(context);
        var hash = Answers.HashOf(context, "group");
        var key = await parts.Readers.RequireAsync(context);
        if (!await parts.GroupStore.HasReaderAsync(hash, key.Bytes))
        {
            throw Answers.Absent();
        }
        using var wait = Waits.Begin(parts, context, parts.GroupNews, hash);
        var group = await FindAsync(parts, hash);
        if (group.State == GroupState.Joining && wait is not null)
        {
            await wait.UntilAsync(news => news.State != GroupState.Joining, context.RequestAborted);
            group = await FindAsync(parts, hash);
        }
        await Answers.JsonAsync(context, StatusCodes.Status200OK, Show(group), ProtocolJson.Default.KeygenJson);
    }

    internal static async ValueTask<GroupView> FindAsync(GatewayParts parts, Protocol.Ids.Hash32 hash) =>
        await parts.Groups.FindAsync(hash) ?? throw new KeyMeldException(ErrorCodes.Erased, "This group was erased.");

    private static KeygenJson Show(GroupView group) => new(
        group.Hash,
        group.State.Word(),
        SignedJson.Of(group.Manifest.Statement),
        group.Record.Terms!,
        [.. group.Members.Select(member => member is null ? null : SignedJson.Of(member.Statement.Statement))],
        [.. group.Record.Receipts.Select(receipt => new ReceiptJson(receipt.Enclave, SchnorrSignature.Parse(receipt.Signature)))],
        group.Record.Error?.Code);
}
