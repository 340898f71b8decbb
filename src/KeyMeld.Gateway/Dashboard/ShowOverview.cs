using KeyMeld.Gateway.Http;
using KeyMeld.Gateway.OpenApi;

namespace KeyMeld.Gateway.Dashboard;

/// <summary>GET /operator/overview: what the dashboard shows, for scripts and for who reads no charts.</summary>
internal sealed class ShowOverview(GatewayParts parts)
{
    public static readonly Operation Operation = new("operatorOverview", Tags.Operator, "See how everything is")
    {
        Description = "Enclaves with their attestation, builds and counters, what is in flight and for whom it waits, the last hour minute by minute, recent failures with advice, and the gateway itself. "
            + "Lists are short and counts stop at a limit, so that it costs the same however many rows there are. The dashboard at `/` shows exactly this.",
        Access = Access.Operator,
        Replies = [Reply.Ok(DashboardJson.Default.OverviewJson)],
    };

    public async Task HandleAsync(HttpContext context)
    {
        parts.Operators.Require(context);
        Answers.RequireNoQuery(context);
        var snapshot = await parts.Board.ReadAsync(context.RequestAborted);
        await Answers.JsonAsync(context, StatusCodes.Status200OK, snapshot.Full());
    }
}
