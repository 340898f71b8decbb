using KeyMeld.Gateway.Http;
using KeyMeld.Gateway.OpenApi;
using KeyMeld.Gateway.Storage;
using KeyMeld.Protocol.Errors;
using KeyMeld.Protocol.Http;

namespace KeyMeld.Gateway.Keys;

/// <summary>GET /keys/{id}: a key for its auth.</summary>
internal sealed class ShowKey(GatewayParts parts)
{
    public static readonly Operation Operation = new("showKey", Tags.Keys, "Get a key")
    {
        Description = "The key statement and the enclave's answer, for its auth; for everybody else the key does not exist.",
        Access = Access.Reader,
        Parameters = [Parameter.Key],
        Replies = [Reply.Ok(ProtocolJson.Default.KeyShownJson)],
        Errors = [ErrorCodes.Erased],
    };

    public async Task HandleAsync(HttpContext context)
    {
        Answers.RequireNoQuery(context);
        var hash = Answers.HashOf(context, "id");
        var record = await OwnerGate.RequireAsync(parts, hash, await parts.Readers.RequireAsync(context));
        if (record.IsErased)
        {
            throw OwnerGate.Erased();
        }
        await Answers.JsonAsync(context, StatusCodes.Status200OK, Show(record), ProtocolJson.Default.KeyShownJson);
    }

    internal static KeyShownJson Show(KeyRecord record) => new(record.Hash, SignedJson.Of(record.Statement!.ToSigned()), record.Answer!);
}
