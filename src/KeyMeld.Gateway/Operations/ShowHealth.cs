using KeyMeld.Gateway.Fleet;
using KeyMeld.Gateway.Http;
using KeyMeld.Gateway.OpenApi;
using KeyMeld.Protocol.Errors;

namespace KeyMeld.Gateway.Operations;

/// <summary>GET /health/live, /ready, /whole and /detail.</summary>
internal sealed class ShowHealth(GatewayParts parts)
{
    public static readonly Operation Live = new("healthLive", Tags.Health, "Is the process alive")
    {
        Description = "Answers as long as the process serves HTTP. For a supervisor that restarts what hangs.",
        Replies = [Reply.Ok(GatewayJson.Default.HealthJson, "`live`.")],
    };

    public static readonly Operation Ready = new("healthReady", Tags.Health, "Can it sign")
    {
        Description = "`ready` when the database answers and takes changes, and every enclave that keys are sealed to is ready; `degraded`, with those that are missing, while there are others: groups and keys of these are signed for, "
            + "those of the missing ones wait. What an operator said is gone for good is `retired` and not missing. Refused when nobody's keys can be used. For a load balancer.",
        Replies = [Reply.Ok(GatewayJson.Default.HealthJson, "`ready` or `degraded`.")],
        Errors = [ErrorCodes.Unavailable],
    };

    public static readonly Operation Whole = new("healthWhole", Tags.Health, "Can it sign for everybody")
    {
        Description = "As `/health/ready`, and refused as well while an enclave is missing. For who watches, and for a load balancer before gateways that reach different enclaves.",
        Replies = [Reply.Ok(GatewayJson.Default.HealthJson, "`ready`.")],
        Errors = [ErrorCodes.Unavailable],
    };

    public static readonly Operation Detail = new("healthDetail", Tags.Health, "What works and what does not")
    {
        Description = "This gateway, every enclave with its state, reason, attestation and counters, which of them are missing, and how many signings are in their rounds here.",
        Access = Access.Operator,
        Replies = [Reply.Ok(GatewayJson.Default.HealthDetailJson)],
    };

    /// <summary>The process answers.</summary>
    public static Task LiveAsync(HttpContext context) => AnswerAsync(context, new HealthJson("live"));

    /// <summary>It can sign for somebody.</summary>
    public Task ReadyAsync(HttpContext context) => ReadyAsync(context, readiness => readiness.CanSign);

    /// <summary>It can sign for everybody.</summary>
    public Task WholeAsync(HttpContext context) => ReadyAsync(context, readiness => readiness.IsWhole);

    /// <summary>For operators: every enclave with its counters, and what is under way. Answers also while the database does not.</summary>
    public async Task DetailAsync(HttpContext context)
    {
        parts.Operators.Require(context);
        Answers.RequireNoQuery(context);
        await parts.Backups.LookAsync();
        var readiness = await FindAsync();
        var enclaves = parts.Fleet.Snapshot.Values.Select(Show);
        var detail = new HealthDetailJson(
            parts.Writes.Trouble is null && readiness is not null ? readiness.Word : Readiness.Unavailable, readiness?.Missing ?? [], readiness?.Retired ?? [], GatewayHealthJson.Of(parts, readiness is not null), [.. enclaves], parts.SigningRunner.Running,
            CertificateJson.Of(parts.Certificates, parts.Time));
        await Answers.JsonAsync(context, StatusCodes.Status200OK, detail, GatewayJson.Default.HealthDetailJson);
    }

    private async Task ReadyAsync(HttpContext context, Func<Readiness, bool> isEnough)
    {
        Answers.RequireNoQuery(context);
        var readiness = await Readiness.OfAsync(parts);
        if (parts.Writes.Trouble is { } trouble)
        {
            await Problems.WriteAsync(context, ErrorCodes.StorageFailed, trouble, isFault: false);
            return;
        }
        await (isEnough(readiness)
            ? AnswerAsync(context, new HealthJson(readiness.Word, readiness.Missing.IsEmpty ? null : readiness.Missing, readiness.Retired.IsEmpty ? null : [.. readiness.Retired.Select(enclave => enclave.Enclave)]))
            : Problems.WriteAsync(context, ErrorCodes.Unavailable, readiness.Detail, isFault: false));
    }

    /// <summary>Null while the database does not answer.</summary>
    private async Task<Readiness?> FindAsync()
    {
        try
        {
            return await Readiness.OfAsync(parts);
        }
        catch (KeyMeldException exception) when (exception.Code == ErrorCodes.StorageFailed)
        {
            return null;
        }
    }

    private EnclaveHealthJson Show(EnclaveView view) => new(
        (int)view.Id, view.Condition.Word, view.Condition.Reason, (view.Condition as EnclaveCondition.Locked)?.Detail, parts.Attested.Of(view).Verdict, EnclaveCountersJson.Of(view.Status?.Counters));

    private static Task AnswerAsync(HttpContext context, HealthJson health)
    {
        Answers.RequireNoQuery(context);
        return Answers.JsonAsync(context, StatusCodes.Status200OK, health, GatewayJson.Default.HealthJson);
    }
}
