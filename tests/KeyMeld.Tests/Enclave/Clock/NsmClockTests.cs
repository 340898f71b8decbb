using KeyMeld.Enclave.Clock;
using KeyMeld.Enclave.Nsm;
using KeyMeld.Protocol.Errors;
using KeyMeld.Tests.Enclave.Support;
using KeyMeld.Tests.Support;
using Microsoft.Extensions.Time.Testing;

namespace KeyMeld.Tests.Enclave.Clock;

public class NsmClockTests
{
    private const long Start = 1_800_000_000_000;

    private readonly FakeTimeProvider _host = new();
    private readonly ScriptedNsm _nsm = new();
    private long _offset;

    private NsmClock Clock()
    {
        _nsm.TimestampMs = () => Start + _offset;
        return new NsmClock(new NsmClient(_nsm), _host);
    }

    [Fact]
    public void Time_is_the_attested_time_advanced_by_the_monotonic_clock()
    {
        var clock = Clock();
        Assert.Equal(Start, clock.NowMs);
        _host.Advance(TimeSpan.FromSeconds(59));
        Assert.Equal(Start + 59_000, clock.NowMs);
        Assert.Equal(1, _nsm.Calls);
        _offset = 61_500;
        _host.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal(Start + 61_500, clock.NowMs);
        Assert.Equal(2, _nsm.Calls);
    }

    [Fact]
    public void K21_the_hosts_wall_clock_counts_for_nothing()
    {
        var clock = Clock();
        Assert.Equal(Start, clock.NowMs);
        _host.AdjustTime(new DateTimeOffset(2040, 1, 1, 0, 0, 0, TimeSpan.Zero));
        Assert.Equal(Start, clock.NowMs);
    }

    [Fact]
    public void Without_the_module_time_is_unknown_after_a_minute_and_known_again_when_it_answers()
    {
        var clock = Clock();
        Assert.Equal(Start, clock.NowMs);
        _nsm.TimestampMs = () => throw new NsmException(NsmFailure.Unreachable, "gone");
        _host.Advance(TimeSpan.FromSeconds(59));
        Assert.Equal(Start + 59_000, clock.NowMs);
        _host.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(ErrorCodes.AttestationUnavailable, Assert.Throws<KeyMeldException>(() => clock.NowMs).Code);
        _nsm.TimestampMs = () => Start + 60_000;
        Assert.Equal(Start + 60_000, clock.NowMs);
    }

    [Fact]
    public void K21_attested_time_that_runs_backwards_is_refused_until_it_has_caught_up()
    {
        var clock = Clock();
        Assert.Equal(Start, clock.NowMs);
        _host.Advance(TimeSpan.FromSeconds(60));
        _offset = -5_000;
        Assert.Equal(ErrorCodes.ClockSkewed, Assert.Throws<KeyMeldException>(() => clock.NowMs).Code);
        _offset = 1;
        Assert.Equal(Start + 1, clock.NowMs);
    }

    [Fact]
    public async Task The_background_keeps_the_reading_young()
    {
        var clock = Clock();
        Assert.Equal(Start, clock.NowMs);
        using var stop = new CancellationTokenSource();
        var keeping = clock.KeepFreshAsync(stop.Token);
        for (var calls = 2; calls <= 4; calls++)
        {
            _host.Advance(NsmClock.MaxAge / 2);
            Assert.True(SpinWait.SpinUntil(() => Volatile.Read(ref calls) == _nsm.Calls, TimeSpan.FromMinutes(3)));
        }
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => keeping);
    }

    [Fact]
    public void The_timestamp_of_real_documents_is_found()
    {
        var read = 0;
        foreach (var expected in Vectors.Json("attestation", "expected.json").EnumerateObject())
        {
            Assert.Equal(expected.Value.GetProperty("timestamp_ms").GetInt64(), AttestationTimestamp.Read(Vectors.Bytes("attestation", expected.Name)));
            read++;
        }
        Assert.Equal(5, read);
    }

    [Theory]
    [InlineData("")]
    [InlineData("80")]
    [InlineData("8440a041a040")]
    [InlineData("8440a04ca16974696d657374616d700140")]
    public void A_document_without_a_sane_timestamp_is_malformed(string document) =>
        Assert.Equal(NsmFailure.Malformed, Assert.Throws<NsmException>(() => AttestationTimestamp.Read(Convert.FromHexString(document))).Failure);
}
