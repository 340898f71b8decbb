using KeyMeld.Gateway.Operations;
using KeyMeld.Protocol.Ids;
using Microsoft.Extensions.Time.Testing;

namespace KeyMeld.Tests.Gateway;

public class DeadlinesTests
{
    private readonly FakeTimeProvider _time = new(DateTimeOffset.FromUnixTimeMilliseconds(1_000_000));
    private readonly List<Hash32> _over = [];

    [Fact]
    public void Each_deadline_is_called_once_when_its_last_millisecond_is_over()
    {
        using var deadlines = new Deadlines(_time, _over.Add);
        deadlines.Set(Id(2), 1_002_000);
        deadlines.Set(Id(1), 1_001_000);

        _time.Advance(TimeSpan.FromMilliseconds(1000));
        Assert.Empty(_over);
        _time.Advance(TimeSpan.FromMilliseconds(1));
        Assert.Equal([Id(1)], _over);
        _time.Advance(TimeSpan.FromHours(1));
        Assert.Equal([Id(1), Id(2)], _over);
    }

    [Fact]
    public void A_deadline_that_passed_already_and_one_far_away_are_both_called()
    {
        using var deadlines = new Deadlines(_time, _over.Add);
        deadlines.Set(Id(1), 5);
        deadlines.Set(Id(2), 1_000_000 + (100L * 24 * 3600 * 1000));
        _time.Advance(TimeSpan.FromMilliseconds(1));
        Assert.Equal([Id(1)], _over);
        for (var day = 0; day < 101; day++)
        {
            _time.Advance(TimeSpan.FromDays(1));
        }
        Assert.Equal([Id(1), Id(2)], _over);
    }

    [Fact]
    public void A_deadline_that_was_removed_or_moved_is_not_called_at_its_old_time()
    {
        using var deadlines = new Deadlines(_time, _over.Add);
        deadlines.Set(Id(1), 1_001_000);
        deadlines.Set(Id(2), 1_001_000);
        deadlines.Remove(Id(1));
        deadlines.Set(Id(2), 1_005_000);
        _time.Advance(TimeSpan.FromSeconds(4));
        Assert.Empty(_over);
        _time.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal([Id(2)], _over);
    }

    private static Hash32 Id(byte number) => Hash32.Sha256([number]);
}
