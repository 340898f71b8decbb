using System.Net;
using KeyMeld.Gateway.Http;
using Microsoft.Extensions.Time.Testing;

namespace KeyMeld.Tests.Gateway.Http;

public class BucketsTests
{
    private readonly FakeTimeProvider _time = new();

    [Fact]
    public void A_caller_has_its_burst_then_its_measure_and_after_a_pause_its_burst_again()
    {
        var buckets = new Buckets<int>(perSecond: 10, burst: 20, _time);
        Assert.Equal(20, Taken(buckets, 1, 100));
        _time.Advance(TimeSpan.FromMilliseconds(99));
        Assert.Equal(0, Taken(buckets, 1, 5));
        _time.Advance(TimeSpan.FromMilliseconds(1));
        Assert.Equal(1, Taken(buckets, 1, 5));
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(10, Taken(buckets, 1, 100));
        _time.Advance(TimeSpan.FromHours(1));
        Assert.Equal(20, Taken(buckets, 1, 100));
    }

    [Fact]
    public void Callers_do_not_take_from_each_other()
    {
        var buckets = new Buckets<int>(perSecond: 1, burst: 2, _time);
        Assert.Equal(2, Taken(buckets, 1, 50));
        Assert.Equal(2, Taken(buckets, 2, 50));
        Assert.Equal(0, Taken(buckets, 1, 1));
    }

    [Fact]
    public void N05_a_million_addresses_take_no_memory_and_who_owes_most_is_not_forgotten_for_them()
    {
        var buckets = new Buckets<UInt128>(perSecond: 10, burst: 20, _time);
        Assert.Equal(20, Taken(buckets, UInt128.MaxValue, 20));
        var before = GC.GetAllocatedBytesForCurrentThread();
        var refused = 0;
        for (var address = 0; address < 1_000_000; address++)
        {
            refused += buckets.TryTake((UInt128)address) ? 0 : 1;
        }
        // The runtime itself allocates now and then (8 KiB at a time); one byte for each address would be a million.
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 256 * 1024);
        Assert.Equal(0, refused);
        Assert.False(buckets.TryTake(UInt128.MaxValue));
    }

    [Fact]
    public void Places_are_had_by_one_caller_up_to_its_share_and_given_back_once()
    {
        var places = new Places<int>(altogether: 5, each: 3);
        var held = Enumerable.Range(0, 3).Select(_ => places.TryTake(1)).ToList();
        Assert.All(held, Assert.NotNull);
        Assert.Null(places.TryTake(1));
        Assert.NotNull(places.TryTake(2, 2));
        Assert.Null(places.TryTake(3));
        held[0]!.Dispose();
        held[0]!.Dispose();
        Assert.NotNull(places.TryTake(3));
        Assert.Null(places.TryTake(3));
        held.ForEach(place => place!.Dispose());
        Assert.Equal(2, places.Callers);
    }

    [Theory]
    [InlineData("192.0.2.1", "::ffff:192.0.2.1", true)]
    [InlineData("2001:db8:1:2::1", "2001:db8:1:2:ffff:ffff:ffff:ffff", true)]
    [InlineData("2001:db8:1:2::1", "2001:db8:1:3::1", false)]
    [InlineData("192.0.2.1", "192.0.2.2", false)]
    [InlineData("::1", "127.0.0.1", false)]
    public void A_caller_is_an_address_or_the_network_of_one_customer(string one, string other, bool same) =>
        Assert.Equal(same, Caller.Of(IPAddress.Parse(one)) == Caller.Of(IPAddress.Parse(other)));

    private static int Taken<T>(Buckets<T> buckets, T caller, int tries)
        where T : struct, IEquatable<T> => Enumerable.Range(0, tries).Count(_ => buckets.TryTake(caller));
}
