using KeyMeld.Gateway.Http;
using KeyMeld.Gateway.OpenApi;
using KeyMeld.Gateway.Storage;
using KeyMeld.Protocol.Http;

namespace KeyMeld.Gateway.Signing;

/// <summary>GET /signing/{D}/events: the state now and at every change, until it is final.</summary>
internal sealed class WatchSigning(GatewayParts parts, CancellationToken stopping)
{
    public static readonly Operation Operation = new("watchSigning", Tags.Signing, "Watch a signing")
    {
        Description = "The state now, then one event at every change, until it is final. For the readers of the group.",
        Access = Access.Reader,
        Parameters = [Parameter.Request],
        Replies = [Reply.Events()],
    };

    public async Task HandleAsync(HttpContext context)
    {
        Answers.RequireNoQuery(context);
        var hash = Answers.HashOf(context, "request");
        var key = await parts.Readers.RequireAsync(context);
        if (!await SigningAnswers.MayReadAsync(parts, hash, key))
        {
            throw Answers.Absent();
        }
        using var place = parts.Telemetry.Held.Stream(parts.Limits.Wait(context));
        using var subscription = parts.SigningNews.Subscribe(hash);
        var record = (await parts.SigningStore.FindAsync(hash))!;
        var last = (SigningNews?)null;
        await EventStream.RunAsync(context, NextAsync, ProtocolJson.Default.StateEventJson, state => $"{state.State}-{last!.Attempts}", parts.Time, stopping);

        async Task<StateEventJson?> NextAsync(CancellationToken cancellationToken)
        {
            if (last is not null && last.State.IsFinal())
            {
                return null;
            }
            last = last is null ? new SigningNews(record.State, record.Attempts, null, record.Error) : await subscription.NextAsync(cancellationToken);
            return new StateEventJson(last.State.Word(), last.Error?.Code);
        }
    }
}
