// postgresql.org/docs/15/sql-notify.html: NOTIFY reaches those who listen at that moment, in the order of the commits, and nobody afterwards.
using System.Net.Sockets;
using System.Threading.Channels;
using KeyMeld.Gateway.Operations;
using KeyMeld.Protocol.Ids;
using Npgsql;

namespace KeyMeld.Gateway.Cluster;

/// <summary>
/// LISTEN on a connection of its own, NOTIFY in batches from the pool. Not in the transactions that change something: those would commit one after the other. What a gateway that dies between the
/// two does not tell, others find out by themselves (<see cref="SecondLook"/>).
/// </summary>
internal sealed partial class PostgresNewsBus(NpgsqlDataSource database, NpgsqlDataSource listener, Id16 self, TimeProvider time, ILogger<PostgresNewsBus> logger) : INewsBus
{
    private const string Place = "keymeld_news";
    private const int MostWaiting = 10_000;
    private const int MostAtOnce = 256;

    // News that is lost with a server's crash is made up for like any other: no commit waits for the disk.
    private const string Notify = $"""
        WITH quick AS (SELECT set_config('synchronous_commit', 'off', true))
        SELECT pg_notify('{Place}', news) FROM quick, unnest(string_to_array($1, ',')) AS news
        """;

    private readonly Channel<string> _outgoing = Channel.CreateBounded<string>(new BoundedChannelOptions(MostWaiting) { FullMode = BoundedChannelFullMode.DropOldest, SingleReader = true });
    private readonly CancellationTokenSource _stopping = new();
    private Task _listening = Task.CompletedTask;
    private Task _publishing = Task.CompletedTask;
    private volatile bool _isListening;

    public bool IsShared => true;

    public bool IsListening => _isListening;

    public void Publish(NewsKind kind, Hash32 id) => _outgoing.Writer.TryWrite(new NewsText(kind, id, self).ToString());

    public void Start(Action<NewsKind, Hash32> heard, Action missed)
    {
        _listening = RepeatAsync(() => ListenAsync(heard, missed));
        _publishing = RepeatAsync(PublishAsync);
    }

    public async ValueTask DisposeAsync()
    {
        // What is told last is that work was given up: that goes out, if it can.
        _outgoing.Writer.TryComplete();
        await Task.WhenAny(_publishing, Task.Delay(TimeSpan.FromSeconds(5), time));
        await _stopping.CancelAsync();
        await Task.WhenAll(_listening, _publishing);
        _stopping.Dispose();
        await listener.DisposeAsync();
    }

    private async Task RepeatAsync(Func<Task> work)
    {
        await Task.Yield();
        for (var failures = 0; ;)
        {
            var began = time.GetTimestamp();
            try
            {
                await work();
                return;
            }
            catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
            {
                return;
            }
            catch (Exception exception) when (exception is NpgsqlException or IOException or SocketException or TimeoutException)
            {
                failures = time.GetElapsedTime(began) > TimeSpan.FromSeconds(10) ? 1 : failures + 1;
                LogLost(exception.Message);
            }
            await Task.Delay(Backoff.After(failures), time, _stopping.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task ListenAsync(Action<NewsKind, Hash32> heard, Action missed)
    {
        await using var connection = await listener.OpenConnectionAsync(_stopping.Token);
        connection.Notification += (_, notification) =>
        {
            if (NewsText.Parse(notification.Payload) is { } news && news.Sender != self)
            {
                heard(news.Kind, news.Id);
            }
        };
        await using (var listen = new NpgsqlCommand($"LISTEN {Place}", connection))
        {
            await listen.ExecuteNonQueryAsync(_stopping.Token);
        }
        try
        {
            _isListening = true;
            // What happened before is in the database, and was not heard.
            missed();
            while (true)
            {
                await connection.WaitAsync(_stopping.Token);
            }
        }
        finally
        {
            _isListening = false;
        }
    }

    private async Task PublishAsync()
    {
        while (await _outgoing.Reader.WaitToReadAsync(_stopping.Token))
        {
            var batch = new HashSet<string>();
            while (batch.Count < MostAtOnce && _outgoing.Reader.TryRead(out var news))
            {
                batch.Add(news);
            }
            try
            {
                await using var notify = database.CreateCommand(Notify);
                notify.Parameters.Add(new NpgsqlParameter<string> { TypedValue = string.Join(',', batch) });
                await notify.ExecuteNonQueryAsync(_stopping.Token);
            }
            catch
            {
                // Told again once the database is back; others may have heard some of it.
                foreach (var news in batch)
                {
                    _outgoing.Writer.TryWrite(news);
                }
                throw;
            }
        }
    }

    [LoggerMessage(EventId = 801, EventName = "news_not_heard", Level = LogLevel.Warning, Message = "The gateways cannot hear each other through the database; trying again: {Reason}")]
    private partial void LogLost(string reason);
}
