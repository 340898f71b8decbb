using KeyMeld.Cli.Load;

namespace KeyMeld.IntegrationTests.Load;

/// <summary>What is taken down of a load, and what is said of it.</summary>
public sealed class LatencyLogTests
{
    [Fact]
    public void Percentiles_are_those_of_all_signings_and_intervals_those_of_their_own()
    {
        var log = new LatencyLog();
        for (var millisecond = 1; millisecond <= 900; millisecond++)
        {
            log.Signed(TimeSpan.FromMilliseconds(millisecond), 2);
        }
        var first = log.Cut(TimeSpan.Zero, TimeSpan.FromSeconds(1));
        for (var millisecond = 901; millisecond <= 1000; millisecond++)
        {
            log.Signed(TimeSpan.FromMilliseconds(millisecond), 2);
        }
        log.Failed("busy");
        var second = log.Cut(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(3));
        var summary = log.Summary(TimeSpan.FromSeconds(4));

        Within(450, first.P50);
        Within(900, first.Longest);
        Assert.Equal((100, 1, 50d), (second.Signed, second.Errors, second.Rate));
        Within(950, second.P50);
        Assert.Equal((1000, 2000, 250d), (summary.Signed, summary.Signatures, summary.Rate));
        Assert.Equal(1, summary.Errors["busy"]);
        Within(10, summary.At(1));
        Within(500, summary.At(50));
        Within(990, summary.At(99));
        Within(1000, summary.Longest);
        Assert.Equal([first, second], summary.Intervals);
    }

    [Theory]
    [InlineData("p99<991ms", true)]
    [InlineData("p99<0.985s", false)]
    [InlineData("p50>=499ms,p50<=501ms", true)]
    [InlineData("rate>=250", true)]
    [InlineData("rate>250", false)]
    [InlineData("errors=1", true)]
    [InlineData("errors=0", false)]
    [InlineData("signed=1000, max<2s, mean<501ms", true)]
    public void An_expectation_holds_or_does_not(string text, bool holds)
    {
        var log = new LatencyLog();
        for (var millisecond = 1; millisecond <= 1000; millisecond++)
        {
            log.Signed(TimeSpan.FromMilliseconds(millisecond), 1);
        }
        log.Failed("expired");
        Assert.Equal(holds, Expectation.ParseAll(text).All(expectation => expectation.Holds(log.Summary(TimeSpan.FromSeconds(4)))));
    }

    [Fact]
    public void Nothing_signed_meets_no_bound_on_latency()
    {
        var nothing = new LatencyLog().Summary(TimeSpan.FromSeconds(1));
        Assert.False(Assert.Single(Expectation.ParseAll("p99<50ms")).Holds(nothing));
        Assert.False(Assert.Single(Expectation.ParseAll("p99>50ms")).Holds(nothing));
    }

    [Theory]
    [InlineData("")]
    [InlineData("p99")]
    [InlineData("p99<50")]
    [InlineData("p98<50ms")]
    [InlineData("speed>1")]
    [InlineData("rate>=500ms")]
    [InlineData("errors=none")]
    [InlineData("errors=0,")]
    public void What_is_no_expectation_is_refused(string text) =>
        Assert.Equal("bad_request", Assert.Throws<Protocol.Errors.KeyMeldException>(() => Expectation.ParseAll(text)).Code);

    // Three significant digits.
    private static void Within(double milliseconds, TimeSpan time) => Assert.InRange(time.TotalMilliseconds, milliseconds * 0.998, milliseconds * 1.002);
}
