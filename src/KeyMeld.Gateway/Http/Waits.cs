using KeyMeld.Protocol.Http;
using KeyMeld.Protocol.Ids;

namespace KeyMeld.Gateway.Http;

/// <summary>Holds a call until a state is final or its time is over (protocol.md section 9, <c>Prefer: wait=N</c>).</summary>
internal static class Waits
{
    /// <summary>Subscribes before anything is read or changed, so that no news is missed; null where the call does not want to wait.</summary>
    public static Waiting<T>? Begin<T>(GatewayParts parts, HttpContext context, Announcements<T> announcements, Hash32 id)
        where T : class =>
        WaitOf(context) is { } time ? new Waiting<T>(announcements.Subscribe(id), parts.Telemetry.Held.Wait(parts.Limits.Wait(context)), time, parts.Time) : null;

    private static TimeSpan? WaitOf(HttpContext context)
    {
        var seconds = PreferWait.Parse(context.Request.Headers["Prefer"]);
        if (seconds <= 0)
        {
            return null;
        }
        context.Response.Headers["Preference-Applied"] = PreferWait.Format(seconds);
        return TimeSpan.FromSeconds(seconds);
    }
}

internal sealed class Waiting<T>(Announcements<T>.Subscription subscription, IDisposable place, TimeSpan longest, TimeProvider time) : IDisposable
    where T : class
{
    /// <summary>The first news that <paramref name="isFinal"/> accepts; null when the time is over.</summary>
    public Task<T?> UntilAsync(Func<T, bool> isFinal, CancellationToken aborted) => UntilAsync(news => ValueTask.FromResult(isFinal(news)), aborted);

    /// <summary>The same for who has to look somewhere else first.</summary>
    public async Task<T?> UntilAsync(Func<T, ValueTask<bool>> isFinal, CancellationToken aborted)
    {
        using var over = new CancellationTokenSource(longest, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(over.Token, aborted);
        try
        {
            while (true)
            {
                var news = await subscription.NextAsync(either.Token);
                if (await isFinal(news))
                {
                    return news;
                }
            }
        }
        catch (OperationCanceledException) when (over.IsCancellationRequested)
        {
            return null;
        }
    }

    public void Dispose()
    {
        subscription.Dispose();
        place.Dispose();
    }
}
