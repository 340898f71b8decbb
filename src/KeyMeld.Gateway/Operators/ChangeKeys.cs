using System.Globalization;
using KeyMeld.Gateway.Http;
using KeyMeld.Gateway.OpenApi;
using KeyMeld.Gateway.Operations;
using KeyMeld.Protocol.Errors;

namespace KeyMeld.Gateway.Operators;

/// <summary>POST /operator/enclaves/{id}/genesis, /rotate and /rewrap: an operator's explicit order to change an enclave's sealed keys.</summary>
internal sealed class ChangeKeys(GatewayParts parts)
{
    private const int MostBodyBytes = 1024;

    public static readonly Operation Operation = new("changeKeys", Tags.Operator, "Make, rotate or rewrap an enclave's sealed keys")
    {
        Description = "`genesis` makes the first key, `rotate` a key of the next epoch (old ones stay readable), `rewrap` seals every epoch under the KMS key of the enclave's configuration. Everything or nothing "
            + "is written. With `dry_run` everything short of writing is done and checked.",
        Access = Access.Operator,
        Parameters = [Parameter.Enclave, new Parameter("change", "path", "KeyChangeName", "What to do.")],
        Body = new Body(GatewayJson.Default.KeyChangeRequestJson, MostBodyBytes),
        Replies = [Reply.Ok(GatewayJson.Default.KeyChangeJson, "Done, or in a dry run: could be done.")],
        Errors =
        [
            ErrorCodes.EnclaveUnreachable, ErrorCodes.EnclaveLocked, ErrorCodes.Busy, ErrorCodes.Unavailable, ErrorCodes.AttestationUnavailable, ErrorCodes.ClockSkewed, ErrorCodes.EnclaveConfigured,
            ErrorCodes.SealedKeyExists, ErrorCodes.SealedKeyMissing, ErrorCodes.SealedKeyCorrupt, ErrorCodes.SealedKeyChanged, ErrorCodes.SealedKeyUnreadable, ErrorCodes.KmsAccessDenied,
            ErrorCodes.KmsAttestationRejected, ErrorCodes.KmsKeyDisabled, ErrorCodes.KmsKeyNotFound, ErrorCodes.KmsThrottled, ErrorCodes.KmsUnreachable, ErrorCodes.KmsCredentialsInvalid,
            ErrorCodes.KmsResponseInvalid, ErrorCodes.KmsPolicyOpen, ErrorCodes.KmsConfigMismatch,
        ],
    };

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

    internal static uint IdOf(HttpContext context)
    {
        var text = (string?)context.Request.RouteValues["id"];
        return uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var id) && id.ToString(CultureInfo.InvariantCulture) == text
            ? id
            : throw new KeyMeldException(ErrorCodes.NotFound, "There is no such enclave.");
    }
}
