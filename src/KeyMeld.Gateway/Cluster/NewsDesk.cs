using KeyMeld.Gateway.Keygen;
using KeyMeld.Gateway.Operations;
using KeyMeld.Gateway.Storage.Postgres;
using KeyMeld.Protocol.Ids;

namespace KeyMeld.Gateway.Cluster;

/// <summary>
/// What this gateway does with news of others: it reads the database about what somebody here waits for, drives or keeps, and tells those here. Nothing else is looked at.
/// </summary>
internal sealed partial class NewsDesk : IAsyncDisposable
{
    // What could not be read when it was heard of is looked at again.
    private static readonly TimeSpan LookAgain = TimeSpan.FromSeconds(30);
    private const int AtOnce = 8;

    private readonly GatewayParts _parts;
    private readonly ILogger<NewsDesk> _logger;
    private readonly SemaphoreSlim _places = new(AtOnce);
    private readonly KeyedWork _groups;
    private readonly KeyedWork _signings;
    private readonly PostgresMarks? _marks;
    private ITimer? _timer;
    private SecondLook? _second;

    /// <param name="parts">The gateway's.</param>
    /// <param name="marks">Of a database that others use too; null where there is none.</param>
    /// <param name="logger">Told what could not be read.</param>
    public NewsDesk(GatewayParts parts, PostgresMarks? marks, ILogger<NewsDesk> logger)
    {
        (_parts, _marks, _logger) = (parts, marks, logger);
        _groups = new KeyedWork((id, cancellation) => LookAsync(id, LookAtGroupAsync, cancellation), LogStuck);
        _signings = new KeyedWork((id, cancellation) => LookAsync(id, LookAtSigningAsync, cancellation), LogStuck);
    }

    public void Start()
    {
        if (_parts.Bus.IsShared)
        {
            _parts.Bus.Start(Hear, LookAtAll);
            _timer = _parts.Time.CreateTimer(_ => LookAtWatched(), null, LookAgain, LookAgain);
        }
        if (_marks is not null)
        {
            _second = new SecondLook(_parts, _marks, Hear);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await (_timer?.DisposeAsync() ?? default);
        await (_second?.DisposeAsync() ?? default);
        await _groups.DisposeAsync();
        await _signings.DisposeAsync();
        _places.Dispose();
    }

    private void Hear(NewsKind kind, Hash32 id)
    {
        switch (kind)
        {
            case NewsKind.Group:
                _parts.Groups.Forget(id);
                if (_parts.GroupNews.IsWatched(id))
                {
                    _groups.Nudge(id);
                }
                break;
            case NewsKind.Signing:
                if (_parts.SigningNews.IsWatched(id) || _parts.RoundNews.IsWatched(id) || _parts.SigningRunner.Find(id) is not null)
                {
                    _signings.Nudge(id);
                }
                break;
            case NewsKind.Rounds:
                _parts.SigningRunner.HearOfRounds(id);
                break;
            case NewsKind.Enclave:
                _parts.Fleet.Find(NewsText.EnclaveOf(id))?.Suspect();
                break;
            case NewsKind.Released:
                _parts.SigningRunner.Sweep();
                break;
        }
    }

    /// <summary>News may have been missed: everything is looked at again, and nothing that is kept is believed.</summary>
    private void LookAtAll()
    {
        _parts.Groups.Clear();
        foreach (var link in _parts.Fleet.Links)
        {
            link.Suspect();
        }
        _parts.SigningRunner.Sweep();
        _parts.GroupRunner.Sweep();
        LookAtWatched();
    }

    private void LookAtWatched()
    {
        foreach (var id in _parts.GroupNews.Watched)
        {
            Hear(NewsKind.Group, id);
        }
        foreach (var id in _parts.SigningNews.Watched.Concat(_parts.SigningRunner.Driven))
        {
            Hear(NewsKind.Signing, id);
        }
        foreach (var id in _parts.RoundNews.Watched)
        {
            Hear(NewsKind.Signing, id);
            Hear(NewsKind.Rounds, id);
        }
        foreach (var id in _parts.SigningRunner.Driven)
        {
            _parts.SigningRunner.HearOfRounds(id);
        }
    }

    private async Task LookAsync(Hash32 id, Func<Hash32, Task> look, CancellationToken cancellation)
    {
        await _places.WaitAsync(cancellation);
        try
        {
            await look(id);
        }
        finally
        {
            _places.Release();
        }
    }

    private async Task LookAtGroupAsync(Hash32 id)
    {
        if (await _parts.GroupStore.FindAsync(id) is { } record)
        {
            _parts.GroupNews.Tell(id, new GroupNews(record.State, record.Error));
        }
    }

    private async Task LookAtSigningAsync(Hash32 id)
    {
        if (await _parts.SigningStore.FindAsync(id) is { } record)
        {
            _parts.SigningRunner.Hear(record);
        }
    }

    [LoggerMessage(EventId = 802, EventName = "news_not_read", Level = LogLevel.Warning, Message = "News about {Id} could not be looked into; it is looked at again later")]
    private partial void LogStuck(Hash32 id, Exception exception);
}
