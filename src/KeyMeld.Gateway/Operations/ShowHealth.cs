using KeyMeld.Gateway.Fleet;
using KeyMeld.Gateway.Http;
using KeyMeld.Gateway.OpenApi;
using KeyMeld.Protocol.Errors;

namespace KeyMeld.Gateway.Operations;

/// <summary>GET /health/live, /ready and /detail.</summary>
internal sealed class ShowHealth(GatewayParts parts)
{
    public static readonly Operation Live = new("healthLive", Tags.Health, "Is the process alive")
    {
        Description = "Answers as long as the process serves HTTP. For a supervisor that restarts what hangs.",
        Replies = [Reply.Ok(GatewayJson.Default.HealthJson, "`live`.")],
    };

    public static readonly Operation Ready = new("healthReady", Tags.Health, "Can it sign")
    {
        Description = "Ready when the database answers and at least one enclave is ready. For a load balancer.",
        Replies = [Reply.Ok(GatewayJson.Default.HealthJson, "`ready`.")],
        Errors = [ErrorCodes.Unavailable],
    };

    public static readonly Operation Detail = new("healthDetail", Tags.Health, "What works and what does not")
    {
        Description = "This gateway, every enclave with its state, reason and counters, and how many signings are in their rounds here.",
        Access = Access.Operator,
        Replies = [Reply.Ok(GatewayJson.Default.HealthDetailJson)],
    };

    /// <summary>The process answers.</summary>
    public static Task LiveAsync(HttpContext context) => AnswerAsync(context, StatusCodes.Status200OK, new HealthJson("live"));

    /// <summary>It can work: the database answers and at least one enclave is ready.</summary>
    public async Task ReadyAsync(HttpContext context)
    {
        var ready = parts.Fleet.Snapshot.Values.Count(view => view.IsReady);
        await parts.GroupStore.FindByRosterAsync(default);
        await (ready > 0
            ? AnswerAsync(context, StatusCodes.Status200OK, new HealthJson("ready"))
            : throw new KeyMeldException(ErrorCodes.Unavailable, "No enclave is ready."));
    }

    /// <summary>For operators: every enclave with its counters, and what is under way.</summary>
    public Task DetailAsync(HttpContext context)
    {
        parts.Operators.Require(context);
        var enclaves = parts.Fleet.Snapshot.Values.Select(Show);
        var detail = new HealthDetailJson("live", GatewayHealthJson.Of(parts), [.. enclaves], parts.SigningRunner.Running, CertificateJson.Of(parts.Certificates, parts.Time));
        return Answers.JsonAsync(context, StatusCodes.Status200OK, detail, GatewayJson.Default.HealthDetailJson);
    }

    private static EnclaveHealthJson Show(EnclaveView view) => new(
        (int)view.Id, view.Condition.Word, view.Condition.Reason, (view.Condition as EnclaveCondition.Locked)?.Detail, EnclaveCountersJson.Of(view.Status?.Counters));

    private static Task AnswerAsync(HttpContext context, int status, HealthJson health)
    {
        Answers.RequireNoQuery(context);
        return Answers.JsonAsync(context, status, health, GatewayJson.Default.HealthJson);
    }
}
