using KeyMeld.Gateway.Http;
using KeyMeld.Gateway.Operations;
using KeyMeld.Gateway.Signing.Rounds;
using KeyMeld.Gateway.Storage;
using KeyMeld.Protocol.Ids;
using KeyMeld.Wire.V1;

namespace KeyMeld.Gateway.Signing;

/// <summary>
/// Members at home may speak to any gateway, and one gateway drives. The one that drives writes down where the rounds stand, the others answer from that and leave what members post in the
/// database, and each tells the other where to look. Both are gone with the end of the signing.
/// </summary>
internal sealed partial class SharedRounds : IAsyncDisposable
{
    private readonly IRoundStore _store;
    private readonly Func<Hash32, SigningRun?> _find;
    private readonly Announcements<News> _news;
    private readonly ILogger<SharedRounds> _logger;
    private readonly KeyedWork _work;

    /// <param name="store">The common database.</param>
    /// <param name="find">The rounds that this gateway drives.</param>
    /// <param name="news">Announced when there is something to look at.</param>
    /// <param name="logger">Told what could not be done.</param>
    public SharedRounds(IRoundStore store, Func<Hash32, SigningRun?> find, Announcements<News> news, ILogger<SharedRounds> logger)
    {
        (_store, _find, _news, _logger) = (store, find, news, logger);
        _work = new KeyedWork(ExchangeAsync, LogStuck);
    }

    /// <summary>The rounds went a step further here, or a member posted something elsewhere. Where this gateway does not drive the signing, nothing follows.</summary>
    public void Nudge(Hash32 request) => _work.Nudge(request);

    /// <summary>Where rounds stand that another gateway drives; null where none has written that yet.</summary>
    public async Task<RoundState?> FindAsync(Hash32 request) => await _store.FindAsync(request) is { } snapshot ? RoundSnapshot.Read(snapshot) : null;

    /// <summary>Leaves a member's blob for the gateway that drives the signing. A later one of the same member and round takes its place.</summary>
    public async Task PostAsync(Hash32 request, int place, RoundBlob blob)
    {
        await _store.PostAsync(request, place, blob);
        _news.Announce(request, News.Here);
    }

    /// <summary>A signing ended: nothing of it is kept, nor of any that ended otherwise.</summary>
    public Task ClearEndedAsync() => _store.ClearEndedAsync();

    public ValueTask DisposeAsync() => _work.DisposeAsync();

    private async Task ExchangeAsync(Hash32 request, CancellationToken cancellation)
    {
        if (_find(request) is not { } run || run.Job.Homes.IsEmpty)
        {
            return;
        }
        foreach (var (place, blob) in await _store.TakeAsync(request))
        {
            await run.TellAsync(place, blob, cancellation);
        }
        var state = run.State;
        if (ReferenceEquals(state, run.Shown) || RoundSnapshot.Write(state) is not { } snapshot)
        {
            return;
        }
        await _store.WriteAsync(request, snapshot);
        run.Shown = state;
        _news.Announce(request, News.Here);
    }

    [LoggerMessage(EventId = 204, EventName = "rounds_not_shared", Level = LogLevel.Warning, Message = "The rounds of signing {Request} could not be shared with other gateways; the next step tries again")]
    private partial void LogStuck(Hash32 request, Exception exception);
}
