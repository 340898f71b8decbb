using KeyMeld.Gateway.Telemetry;
using KeyMeld.Gateway.Telemetry.History;
using Microsoft.Extensions.Time.Testing;

namespace KeyMeld.Tests.Gateway.Telemetry;

public class LastHourTests
{
    private readonly FakeTimeProvider _time = new(DateTimeOffset.FromUnixTimeSeconds(1_800_000_005));

    [Fact]
    public void What_happens_is_in_the_part_of_the_hour_in_which_it_happened()
    {
        var hour = new LastHour(_time);
        hour.Signed(TimeSpan.FromMilliseconds(4));
        hour.Took(SigningStep.Round1, TimeSpan.FromMilliseconds(1));
        _time.Advance(TimeSpan.FromMinutes(30));
        hour.Count(HistoryCount.SigningsFailed);

        var points = hour.Read(TimeSpan.FromMinutes(1));

        Assert.Equal(60, points.Length);
        Assert.Equal(DateTimeOffset.FromUnixTimeSeconds(1_800_000_000 + 1800), points[^1].Start);
        Assert.All(points.Zip(points.Skip(1)), pair => Assert.Equal(TimeSpan.FromMinutes(1), pair.Second.Start - pair.First.Start));
        Assert.Equal((1, 1), (points[29][HistoryCount.SigningsCompleted], points.Sum(point => point[HistoryCount.SigningsCompleted])));
        Assert.Equal(4, points[29].Total!.P50);
        Assert.Equal(1, points[29][SigningStep.Round1]!.Count);
        Assert.Null(points[29][SigningStep.Round2]);
        Assert.Equal(1, points[^1][HistoryCount.SigningsFailed]);
        Assert.Null(points[^1].Total);
    }

    [Fact]
    public void What_is_older_than_an_hour_is_gone()
    {
        var hour = new LastHour(_time);
        hour.Signed(TimeSpan.FromMilliseconds(4));
        _time.Advance(TimeSpan.FromMinutes(59));
        Assert.Equal(1, hour.Sum(TimeSpan.FromHours(1))[HistoryCount.SigningsCompleted]);

        _time.Advance(TimeSpan.FromMinutes(1));

        Assert.Equal(0, hour.Sum(TimeSpan.FromHours(1))[HistoryCount.SigningsCompleted]);
        Assert.All(hour.Read(LastHour.Resolution), point => Assert.Equal(0, point[HistoryCount.SigningsCompleted]));
    }

    [Fact]
    public void A_sum_has_the_percentiles_of_everything_in_it()
    {
        var hour = new LastHour(_time);
        foreach (var milliseconds in Enumerable.Range(1, 100))
        {
            hour.Signed(TimeSpan.FromMilliseconds(milliseconds));
            _time.Advance(TimeSpan.FromSeconds(1));
        }

        var sum = hour.Sum(TimeSpan.FromMinutes(5));

        Assert.Equal(100, sum.Total!.Count);
        Assert.InRange(sum.Total.P50, 50, 57);
        Assert.InRange(sum.Total.P99, 99, 100);
        Assert.Equal(100, sum.Total.Longest);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(7)]
    [InlineData(15)]
    [InlineData(70)]
    public void A_part_that_does_not_divide_the_hour_is_refused(int seconds) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new LastHour(_time).Read(TimeSpan.FromSeconds(seconds)));

    [Fact]
    public void Only_the_newest_failures_are_kept_and_the_newest_comes_first()
    {
        var failures = new RecentFailures();
        for (var number = 0; number < RecentFailures.Kept + 5; number++)
        {
            failures.Add(new RecentFailure(_time.GetUtcNow(), FailureOf.Enclave, "busy", null, (uint)number));
        }

        var read = failures.Read();

        Assert.Equal(RecentFailures.Kept, read.Length);
        Assert.Equal((RecentFailures.Kept + 4u, 5u), (read[0].Enclave, read[^1].Enclave));
    }
}
