// postgresql.org/docs/15/sql-notify.html. NOTIFY in the transaction that changes something would be heard with its commit and never be lost, but such transactions hold one lock of the server while they commit, one after the
// other: measured with pgbench (16 connections, fsync), 2,381 transactions a second became 511, and 1,277 became 186.
using KeyMeld.Gateway.Storage.Postgres;
using KeyMeld.Protocol.Errors;
using KeyMeld.Protocol.Ids;

namespace KeyMeld.Gateway.Cluster;

/// <summary>
/// For news that was never told: a gateway may die between what it commits and what it tells of it. Every second one statement asks how that stands which somebody here waits for, and what stands
/// otherwise than the last time is heard of as if it had been told.
/// </summary>
internal sealed class SecondLook : IAsyncDisposable
{
    /// <summary>For so long news that was lost stays unknown.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    private readonly GatewayParts _parts;
    private readonly PostgresMarks _marks;
    private readonly Action<NewsKind, Hash32> _hear;
    private readonly ITimer _timer;
    private HashSet<Mark> _last = [];
    private Task _looking = Task.CompletedTask;

    public SecondLook(GatewayParts parts, PostgresMarks marks, Action<NewsKind, Hash32> hear)
    {
        (_parts, _marks, _hear) = (parts, marks, hear);
        _timer = parts.Time.CreateTimer(_ => Look(), null, Interval, Interval);
    }

    public async ValueTask DisposeAsync()
    {
        await _timer.DisposeAsync();
        await _looking;
    }

    private void Look() => _looking = _looking.IsCompleted ? Task.Run(LookAsync) : _looking;

    private async Task LookAsync()
    {
        var (groups, driven, rounds) = (_parts.GroupNews.Watched, _parts.SigningRunner.Driven, _parts.RoundNews.Watched);
        var signings = _parts.SigningNews.Watched.Concat(driven).Concat(rounds).Distinct().ToList();
        if (groups.Count + signings.Count == 0)
        {
            _last = [];
            return;
        }
        try
        {
            var marks = await _marks.ReadAsync(groups, signings, rounds.Concat(driven).Distinct());
            // What is there for the first time may have changed before it was: it is looked at, once.
            foreach (var mark in marks.Where(mark => !_last.Contains(mark)))
            {
                _hear(mark.Kind, mark.Id);
            }
            _last = [.. marks];
        }
        catch (KeyMeldException)
        {
            // The database is away, which the bus says; once it is back, everything is looked at.
        }
    }
}
