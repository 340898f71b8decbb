using KeyMeld.Gateway.Http;
using KeyMeld.Gateway.OpenApi;

namespace KeyMeld.Gateway.Dashboard;

/// <summary>GET /operator/events: one event <c>overview</c> with everything, then <c>change</c> with the sections that are different, at most one a second.</summary>
internal sealed class WatchOverview(GatewayParts parts, CancellationToken stopping)
{
    public static readonly Operation Operation = new("operatorEvents", Tags.Operator, "Watch how everything is")
    {
        Description = "As `GET /operator/overview`, and on.",
        Access = Access.Operator,
        Replies =
        [
            new Reply(StatusCodes.Status200OK,
                "Server-sent events. The first is named `overview` and has a whole `Overview`; later ones are named `change` and have the sections that are different, at most one a second. A comment line comes every 15 s of silence.",
                null, "text/event-stream"),
        ],
    };

    public async Task HandleAsync(HttpContext context)
    {
        parts.Operators.Require(context);
        Answers.RequireNoQuery(context);
        using var place = parts.Limits.Wait(context);
        var last = await parts.Board.ReadAsync(context.RequestAborted);
        var isFirst = true;
        await EventStream.RunAsync(context, NextAsync, parts.Time, stopping);

        async Task<ServerEvent?> NextAsync(CancellationToken cancellationToken)
        {
            if (isFirst)
            {
                isFirst = false;
                return new ServerEvent("overview", last.Full());
            }
            (last, var changes) = await parts.Board.ChangeAsync(last, cancellationToken);
            return new ServerEvent("change", changes);
        }
    }
}
