using KeyMeld.Gateway.Http;
using KeyMeld.Gateway.OpenApi;
using KeyMeld.Protocol.Http;

namespace KeyMeld.Gateway.Keys;

/// <summary>GET /keys: the keys whose auth makes the call, which may be none.</summary>
internal sealed class ListKeys(GatewayParts parts)
{
    public static readonly Operation Operation = new("listKeys", Tags.Keys, "List the caller's keys")
    {
        Description = "The keys whose auth makes the call, oldest first, without erased ones; it may have none.",
        Access = Access.Reader,
        Replies = [Reply.Ok(ProtocolJson.Default.KeyListJson)],
    };

    public async Task HandleAsync(HttpContext context)
    {
        Answers.RequireNoQuery(context);
        var auth = await parts.Readers.RequireAsync(context);
        var keys = await parts.KeyStore.ListAsync(auth.Bytes.ToArray());
        await Answers.JsonAsync(context, StatusCodes.Status200OK, new KeyListJson([.. keys.Select(ShowKey.Show)]), ProtocolJson.Default.KeyListJson);
    }
}
