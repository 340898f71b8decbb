using KeyMeld.Gateway.Http;
using KeyMeld.Gateway.OpenApi;
using KeyMeld.Gateway.Storage;
using KeyMeld.Protocol.Http;

namespace KeyMeld.Gateway.Signing;

/// <summary>GET /signing/{D}: the request, its items and decisions, and the result once it is there, for whoever may read the group.</summary>
internal sealed class ShowSigning(GatewayParts parts)
{
    public static readonly Operation Operation = new("showSigning", Tags.Signing, "Get a signing")
    {
        Description = "The request, its items and decisions, and the result once it is there: encrypted under the group's secret and signed by the enclave that combined. For the readers of the group.",
        Access = Access.Reader,
        Parameters = [Parameter.Request],
        Waits = true,
        Replies = [Reply.Ok(ProtocolJson.Default.SigningJson)],
    };

    public async Task HandleAsync(HttpContext context)
    {
        Answers.RequireNoQuery(context);
        var hash = Answers.HashOf(context, "request");
        var key = await parts.Readers.RequireAsync(context);
        if (!await SigningAnswers.MayReadAsync(parts, hash, key))
        {
            throw Answers.Absent();
        }
        using var wait = Waits.Begin(parts, context, parts.SigningNews, hash);
        var record = (await parts.SigningStore.FindAsync(hash))!;
        if (!record.State.IsFinal() && wait is not null)
        {
            await wait.UntilAsync(SigningAnswers.IsFinal, context.RequestAborted);
            record = (await parts.SigningStore.FindAsync(hash))!;
        }
        await Answers.JsonAsync(context, StatusCodes.Status200OK, Show(record), ProtocolJson.Default.SigningJson);
    }

    private static SigningJson Show(SigningRecord record) => new(
        record.Request,
        record.State.Word(),
        SignedJson.Of(record.Statement.ToSigned()),
        record.Items,
        [.. record.Approvals.Select(approval => SignedJson.Of(approval.Statement.ToSigned()))],
        record.Attempts,
        SigningAnswers.Result(record.Result),
        record.Error?.Code);
}
