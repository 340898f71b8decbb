using KeyMeld.Gateway.Http;
using KeyMeld.Gateway.Storage;
using KeyMeld.Protocol.Http;

namespace KeyMeld.Gateway.Keys;

/// <summary>GET /keys/{id}: a key for its auth.</summary>
internal sealed class ShowKey(GatewayParts parts)
{
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
