using KeyMeld.Gateway.Http;
using KeyMeld.Gateway.OpenApi;
using KeyMeld.Gateway.Storage;
using KeyMeld.Protocol.Errors;
using KeyMeld.Protocol.Http;

namespace KeyMeld.Gateway.Keygen;

/// <summary>GET /keygen/{group}/events: the state now and whenever somebody joined or it changed, until it is final.</summary>
internal sealed class WatchGroup(GatewayParts parts, CancellationToken stopping)
{
    public static readonly Operation Operation = new("watchGroup", Tags.Groups, "Watch a group form")
    {
        Description = "The state now, then one event whenever somebody joined or the state changed, until it is final. For the readers of the group.",
        Access = Access.Reader,
        Parameters = [Parameter.Group],
        Replies = [Reply.Events()],
        Errors = [ErrorCodes.Erased],
    };

    public async Task HandleAsync(HttpContext context)
    {
        Answers.RequireNoQuery(context);
        var hash = Answers.HashOf(context, "group");
        var key = await parts.Readers.RequireAsync(context);
        if (!await parts.GroupStore.HasReaderAsync(hash, key.Bytes))
        {
            throw Answers.Absent();
        }
        using var place = parts.Telemetry.Held.Stream(parts.Limits.Wait(context));
        using var subscription = parts.GroupNews.Subscribe(hash);
        var group = await ShowGroup.FindAsync(parts, hash);
        var last = (GroupNews?)null;
        var joined = group.Accepted;
        await EventStream.RunAsync(context, NextAsync, ProtocolJson.Default.StateEventJson, state => $"{state.State}-{joined}", parts.Time, stopping);

        async Task<StateEventJson?> NextAsync(CancellationToken cancellationToken)
        {
            if (last is { State: not GroupState.Joining })
            {
                return null;
            }
            if (last is null)
            {
                last = new GroupNews(group.State, group.Record.Error);
            }
            else
            {
                last = await subscription.NextAsync(cancellationToken);
                joined = (await parts.Groups.FindAsync(hash))?.Accepted ?? joined;
            }
            return new StateEventJson(last.State.Word(), last.Error?.Code);
        }
    }
}
