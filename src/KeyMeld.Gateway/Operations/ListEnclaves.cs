using KeyMeld.Gateway.Fleet;
using KeyMeld.Gateway.Http;
using KeyMeld.Gateway.OpenApi;
using KeyMeld.Protocol.Http;
using KeyMeld.Protocol.Ids;
using KeyMeld.Secp256k1;

namespace KeyMeld.Gateway.Operations;

/// <summary>GET /enclaves: what the gateway knows of its enclaves. For display; clients verify the identity.</summary>
internal sealed class ListEnclaves(GatewayParts parts)
{
    public static readonly Operation Operation = new("listEnclaves", Tags.Enclaves, "List the enclaves")
    {
        Description = "What the gateway knows of its enclaves: for display only. A client seals nothing to a key it has from here; it verifies the attested identity.",
        Replies = [Reply.Ok(ProtocolJson.Default.EnclaveListJson)],
    };

    public Task HandleAsync(HttpContext context)
    {
        Answers.RequireNoQuery(context);
        var list = new EnclaveListJson([.. parts.Fleet.Snapshot.Values.Select(Show)]);
        return Answers.JsonAsync(context, StatusCodes.Status200OK, list, ProtocolJson.Default.EnclaveListJson);
    }

    internal static EnclaveJson Show(EnclaveView view)
    {
        var newest = view.Status?.Keys.MaxBy(key => key.Epoch);
        var locked = view.Condition as EnclaveCondition.Locked;
        return new EnclaveJson(
            (int)view.Id,
            view.Condition.Word,
            view.Condition.Reason,
            locked is null ? null : locked.AwsCode is null ? locked.Detail : $"{locked.Detail} (AWS: {locked.AwsCode})",
            newest is null ? null : (int)newest.Epoch,
            newest is not null && PublicKey.TryParse(newest.Key.Span, out var key) ? key : null,
            view.Status?.KmsKeyId,
            view.Status?.Mode,
            view.Status?.Software,
            view.Status?.ConfigDigest.Length == Hash32.Size ? new Hash32(view.Status.ConfigDigest.Span) : null,
            view.Status?.Counters is { } counters ? (long)counters.KmsCalls : null);
    }
}
