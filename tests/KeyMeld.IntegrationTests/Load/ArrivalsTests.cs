using KeyMeld.Cli.Load;

namespace KeyMeld.IntegrationTests.Load;

/// <summary>When the open model asks.</summary>
public sealed class ArrivalsTests
{
    private const int Many = 100_000;

    [Fact]
    public void They_come_at_the_rate_asked_for_with_exponential_gaps()
    {
        var arrivals = new Arrivals(500, TimeSpan.Zero, new SeededNumbers(7));
        var times = Enumerable.Range(0, Many).Select(_ => arrivals.Next().TotalSeconds).ToList();

        Assert.InRange(Many / times[^1], 490, 510);
        var gaps = times.Zip(times.Skip(1), (earlier, later) => later - earlier).ToList();
        Assert.All(gaps, gap => Assert.True(gap >= 0));
        // Of an exponential distribution 1/e is over the mean, and its deviation is the mean.
        Assert.InRange(gaps.Count(gap => gap > 1.0 / 500) / (double)gaps.Count, 0.36, 0.375);
        Assert.InRange(Math.Sqrt(gaps.Average(gap => Math.Pow(gap - (1.0 / 500), 2))) * 500, 0.97, 1.03);
    }

    [Fact]
    public void Their_rate_grows_linearly_while_it_ramps_up()
    {
        var arrivals = new Arrivals(1000, TimeSpan.FromSeconds(20), new SeededNumbers(8));
        var times = Enumerable.Range(0, 30_000).Select(_ => arrivals.Next().TotalSeconds).ToList();

        Assert.InRange(times.Count(time => time < 10), 2_300, 2_700);
        Assert.InRange(times.Count(time => time < 20), 9_600, 10_400);
        Assert.InRange(times.Count(time => time is >= 20 and < 30), 9_600, 10_400);
    }

    [Fact]
    public void The_same_seed_gives_the_same_times_and_another_others()
    {
        static List<TimeSpan> Times(ulong seed)
        {
            var arrivals = new Arrivals(10, TimeSpan.FromSeconds(1), new SeededNumbers(seed));
            return [.. Enumerable.Range(0, 100).Select(_ => arrivals.Next())];
        }

        Assert.Equal(Times(1), Times(1));
        Assert.NotEqual(Times(1), Times(2));
    }

    [Fact]
    public void The_numbers_are_those_of_SplitMix64()
    {
        // The first outputs for seed 1234567, as published with other implementations of the algorithm.
        var numbers = new SeededNumbers(1234567);
        Assert.Equal([6457827717110365317UL, 3203168211198807973UL, 9817491932198370423UL, 4593380528125082431UL, 16408922859458223821UL], Enumerable.Range(0, 5).Select(_ => numbers.Next()));
    }
}
