using KeyMeld.Gateway.Http;
using KeyMeld.Protocol.Http;

namespace KeyMeld.Gateway.Keys;

/// <summary>GET /keys: the keys whose auth makes the call, which may be none.</summary>
internal sealed class ListKeys(GatewayParts parts)
{
    public async Task HandleAsync(HttpContext context)
    {
        Answers.RequireNoQuery(context);
        var auth = await parts.Readers.RequireAsync(context);
        var keys = await parts.KeyStore.ListAsync(auth.Bytes.ToArray());
        await Answers.JsonAsync(context, StatusCodes.Status200OK, new KeyListJson([.. keys.Select(ShowKey.Show)]), ProtocolJson.Default.KeyListJson);
    }
}
