using CsCheck;
using KeyMeld.Gateway.Telemetry.History;

namespace KeyMeld.Tests.Gateway.Telemetry;

public class LatencyHistogramTests
{
    [Fact]
    public void A_percentile_is_never_too_low_and_at_most_an_eighth_too_high() =>
        Gen.Select(Gen.Long[0, 10_000_000].Array[1, 200], Gen.Int[1, 100]).Sample((microseconds, percent) =>
        {
            var histogram = Of(microseconds);
            var exact = microseconds.Order().ElementAt((int)Math.Ceiling(microseconds.Length * percent / 100.0) - 1);
            var shown = histogram.Percentile(percent).TotalMicroseconds;
            Assert.InRange(shown, exact, (exact * 1.125) + 1);
        }, iter: 500);

    [Fact]
    public void Two_histograms_added_are_as_one_that_was_told_both() =>
        Gen.Select(Gen.Long[0, 10_000_000].Array[0, 50], Gen.Long[0, 10_000_000].Array[0, 50]).Sample((first, second) =>
        {
            var sum = Of(first);
            sum.Add(Of(second));
            var both = Of([.. first, .. second]);
            Assert.Equal((both.Count, both.Longest), (sum.Count, sum.Longest));
            Assert.All(new[] { 1.0, 50, 90, 99, 100 }, percent => Assert.Equal(both.Percentile(percent), sum.Percentile(percent)));
        }, iter: 200);

    [Fact]
    public void What_took_longer_than_can_be_told_apart_is_counted_and_its_length_kept()
    {
        var histogram = new LatencyHistogram();
        histogram.Add(TimeSpan.FromDays(2));
        histogram.Add(TimeSpan.FromMilliseconds(-1));

        Assert.Equal((2, TimeSpan.FromDays(2)), (histogram.Count, histogram.Longest));
        Assert.Equal(TimeSpan.Zero, histogram.Percentile(50));
    }

    [Fact]
    public void Nothing_has_no_percentile() => Assert.Null(Latency.Of(new LatencyHistogram()));

    private static LatencyHistogram Of(long[] microseconds)
    {
        var histogram = new LatencyHistogram();
        foreach (var value in microseconds)
        {
            histogram.Add(TimeSpan.FromMicroseconds(value));
        }
        return histogram;
    }
}
