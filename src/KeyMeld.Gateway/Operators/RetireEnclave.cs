using KeyMeld.Gateway.Http;
using KeyMeld.Gateway.OpenApi;
using KeyMeld.Gateway.Operations;
using KeyMeld.Protocol.Errors;

namespace KeyMeld.Gateway.Operators;

/// <summary>
/// POST /operator/enclaves/{id}/retire: an operator's word that an enclave is gone for good. It changes what is called missing and nothing else: the sealed keys stay, and the word can be taken back.
/// </summary>
internal sealed partial class RetireEnclave(GatewayParts parts, ILogger<RetireEnclave> logger)
{
    private const int MostBodyBytes = 1024;

    public static readonly Operation Operation = new("retireEnclave", Tags.Operator, "Say that an enclave is gone for good")
    {
        Description = "A gateway is `degraded` while an enclave that has a sealed key in the database is not in its configuration. This says that it will not come back: it is shown as retired and no longer "
            + "as missing. Refused while it is in this gateway's configuration, and, without `lose`, while groups or keys are sealed to it. Nothing is deleted; `undo` takes it back. With `dry_run` only what is sealed to it is said.",
        Access = Access.Operator,
        Parameters = [Parameter.Enclave],
        Body = new Body(GatewayJson.Default.RetireRequestJson, MostBodyBytes),
        Replies = [Reply.Ok(GatewayJson.Default.RetirementJson, "Done, now or before; or what is sealed to it.")],
        Errors = [ErrorCodes.EnclaveInUse],
    };

    public async Task HandleAsync(HttpContext context)
    {
        parts.Operators.Require(context);
        Answers.RequireNoQuery(context);
        var id = ChangeKeys.IdOf(context);
        var order = (await parts.Bodies.ReadAsync(context, GatewayJson.Default.RetireRequestJson, MostBodyBytes)).Value;
        if (order.Undo && (order.Lose || order.DryRun))
        {
            throw new KeyMeldException(ErrorCodes.BadRequest, "undo goes with neither lose nor dry_run.");
        }
        var stored = (await parts.Retirements.EnclavesAsync()).FirstOrDefault(enclave => enclave.Id == id)
            ?? throw new KeyMeldException(ErrorCodes.NotFound, $"The database has no sealed key of enclave {id}: nobody misses it.");
        await Answers.JsonAsync(context, StatusCodes.Status200OK, order.Undo ? await UndoAsync(id) : await RetireAsync(id, stored.Retired, order, context.RequestAborted), GatewayJson.Default.RetirementJson);
    }

    private async Task<RetirementJson> UndoAsync(uint id)
    {
        if (await parts.Retirements.UndoAsync(id))
        {
            LogUndone(id);
        }
        return new RetirementJson((int)id, false, false, null, null, null);
    }

    private async Task<RetirementJson> RetireAsync(uint id, long? before, RetireRequestJson order, CancellationToken cancellationToken)
    {
        if (parts.Fleet.Find(id) is not null)
        {
            throw new KeyMeldException(ErrorCodes.EnclaveInUse, $"Enclave {id} is in this gateway's configuration.");
        }
        var use = await EnclaveUse.OfAsync(parts, id, cancellationToken);
        if (order.DryRun || before is not null)
        {
            return Show(id, order.DryRun, before, use);
        }
        if (!use.IsNone && !order.Lose)
        {
            throw new KeyMeldException(ErrorCodes.EnclaveInUse, $"{use.Groups.Count} groups have members on enclave {id}, and {use.Keys.Count} keys are sealed to it: none of them could sign any more. A dry run names them.");
        }
        var at = await parts.Retirements.RetireAsync(id, use.Groups.Count, use.Keys.Count);
        LogRetired(id, use.Groups.Count, use.Keys.Count);
        return Show(id, false, at, use);
    }

    private static RetirementJson Show(uint id, bool dryRun, long? at, EnclaveUse use) => new((int)id, dryRun, at is not null, at, SealedToJson.Of(use.Groups), SealedToJson.Of(use.Keys));

    [LoggerMessage(EventId = 406, EventName = "enclave_retired", Level = LogLevel.Warning, Message = "Operator's word that enclave {Id} is gone for good; {Groups} groups and {Keys} keys were given up with it. Its sealed keys stay in the database.")]
    private partial void LogRetired(uint id, long groups, long keys);

    [LoggerMessage(EventId = 407, EventName = "enclave_not_retired", Level = LogLevel.Warning, Message = "Operator's word that enclave {Id} is not gone after all.")]
    private partial void LogUndone(uint id);
}
