using System.Globalization;
using KeyMeld.Gateway.Http;
using KeyMeld.Gateway.Operations;
using KeyMeld.Protocol.Errors;

namespace KeyMeld.Gateway.Operators;

/// <summary>POST /operator/enclaves/{id}/genesis, /rotate and /rewrap: an operator's explicit order to change an enclave's sealed keys.</summary>
internal sealed class ChangeKeys(GatewayParts parts)
{
    private const int MostBodyBytes = 1024;

    public async Task HandleAsync(HttpContext context)
    {
        parts.Operators.Require(context);
        Answers.RequireNoQuery(context);
        var id = IdOf(context);
        var dryRun = (await parts.Bodies.ReadAsync(context, GatewayJson.Default.KeyChangeRequestJson, MostBodyBytes)).Value.DryRun;
        var change = await ((string?)context.Request.RouteValues["change"] switch
        {
            "genesis" => parts.KeyChanges.GenesisAsync(id, dryRun, context.RequestAborted),
            "rotate" => parts.KeyChanges.RotateAsync(id, dryRun, context.RequestAborted),
            "rewrap" => parts.KeyChanges.RewrapAsync(id, dryRun, context.RequestAborted),
            _ => throw new KeyMeldException(ErrorCodes.NotFound, "There is nothing at this path."),
        });
        var answer = new KeyChangeJson(
            (int)id, change.Name, dryRun, change.View.Condition.Word, change.View.Condition.Reason,
            [.. change.Before.Select(SealedEpochJson.Of)], [.. change.After.Select(SealedEpochJson.Of)]);
        await Answers.JsonAsync(context, StatusCodes.Status200OK, answer, GatewayJson.Default.KeyChangeJson);
    }

    private static uint IdOf(HttpContext context)
    {
        var text = (string?)context.Request.RouteValues["id"];
        return uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var id) && id.ToString(CultureInfo.InvariantCulture) == text
            ? id
            : throw new KeyMeldException(ErrorCodes.NotFound, "There is no such enclave.");
    }
}
