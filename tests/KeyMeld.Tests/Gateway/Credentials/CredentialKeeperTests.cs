using System.Threading.Channels;
using KeyMeld.Gateway.Credentials;
using KeyMeld.Tests.Enclave.Support;
using KeyMeld.Wire.V1;
using Microsoft.Extensions.Time.Testing;

namespace KeyMeld.Tests.Gateway.Credentials;

public class CredentialKeeperTests
{
    private static readonly DateTimeOffset Start = new(2026, 11, 26, 0, 0, 0, TimeSpan.Zero);
    private static readonly TimeSpan Least = TimeSpan.FromSeconds(5);

    [Fact]
    public async Task Credentials_are_replaced_before_they_end()
    {
        var time = new WatchedTime();
        await using var service = await MetadataService.StartAsync(Start.AddHours(6));
        using var client = service.Client();
        using var log = new EnclaveLog();
        await using var keeper = CredentialKeeper.Fetched(client.FetchAsync, time, () => 0.5, log);
        var arrivals = Arrivals(keeper);
        keeper.Start();
        Assert.Equal("ASIAFIRST", (await NextAsync(arrivals)).AccessKeyId);

        // Six hours less a quarter of one and half of two minutes.
        await time.PauseAsync(TimeSpan.FromMinutes(344));
        (service.AccessKeyId, service.Expires) = ("ASIASECOND", Start.AddHours(12));
        time.Advance(TimeSpan.FromMinutes(344) - Least);
        Assert.Equal("ASIASECOND", (await NextAsync(arrivals)).AccessKeyId);
        Assert.Equal("ASIASECOND", keeper.Current!.AccessKeyId);
        Assert.DoesNotContain(MetadataService.Secret, log.Text, StringComparison.Ordinal);
        Assert.DoesNotContain(MetadataService.SessionToken, log.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_same_credentials_again_are_asked_for_every_minute_until_there_are_others()
    {
        var time = new WatchedTime();
        await using var service = await MetadataService.StartAsync(Start.AddMinutes(10));
        using var client = service.Client();
        using var log = new EnclaveLog();
        await using var keeper = CredentialKeeper.Fetched(client.FetchAsync, time, () => 0, log);
        var arrivals = Arrivals(keeper);
        keeper.Start();
        await NextAsync(arrivals);
        for (var i = 0; i < 3; i++)
        {
            await time.PauseAsync(TimeSpan.FromMinutes(1));
            time.Advance(TimeSpan.FromMinutes(1) - Least);
        }
        await time.PauseAsync(TimeSpan.FromMinutes(1));
        Assert.Equal(4, service.Fetches);
        Assert.False(arrivals.TryRead(out _));
        (service.AccessKeyId, service.Expires) = ("ASIASECOND", Start.AddHours(6));
        time.Advance(TimeSpan.FromMinutes(1) - Least);
        Assert.Equal("ASIASECOND", (await NextAsync(arrivals)).AccessKeyId);
    }

    [Fact]
    public async Task An_outage_is_outlasted_and_what_was_there_stays_in_use()
    {
        var time = new WatchedTime();
        await using var service = await MetadataService.StartAsync(Start.AddHours(6));
        using var client = service.Client();
        using var log = new EnclaveLog();
        await using var keeper = CredentialKeeper.Fetched(client.FetchAsync, time, () => 1, log);
        var arrivals = Arrivals(keeper);
        service.Fault = (500, "canary");
        keeper.Start();
        foreach (var seconds in (double[])[1, 2, 4])
        {
            await time.PauseAsync(TimeSpan.FromSeconds(seconds));
            Assert.Null(keeper.Current);
        }
        await time.PauseAsync(TimeSpan.FromSeconds(8));
        service.Fault = null;
        time.Advance(TimeSpan.FromSeconds(8) - Least);
        Assert.Equal("ASIAFIRST", (await NextAsync(arrivals)).AccessKeyId);

        service.Fault = (500, "canary");
        var pause = Start.AddHours(6) - time.GetUtcNow() - TimeSpan.FromMinutes(17);
        await time.PauseAsync(pause);
        time.Advance(pause - Least);
        await time.PauseAsync(TimeSpan.FromSeconds(1));
        Assert.Equal("ASIAFIRST", keeper.Current!.AccessKeyId);
        Assert.DoesNotContain("canary", log.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Refused_credentials_are_fetched_again_soon_but_not_in_a_loop()
    {
        var time = new WatchedTime();
        await using var service = await MetadataService.StartAsync(Start.AddHours(6));
        using var client = service.Client();
        using var log = new EnclaveLog();
        await using var keeper = CredentialKeeper.Fetched(client.FetchAsync, time, () => 0, log);
        var arrivals = Arrivals(keeper);
        keeper.Start();
        var first = await NextAsync(arrivals);
        await time.WaitingAsync();
        (service.AccessKeyId, service.Expires) = ("ASIASECOND", Start.AddHours(7));
        for (var i = 0; i < 100; i++)
        {
            keeper.Suspect();
        }
        Assert.Equal(1, service.Fetches);

        var refreshed = keeper.RefreshAsync(first, TestContext.Current.CancellationToken);
        await time.PauseAsync(TimeSpan.FromMinutes(345));
        Assert.True(await refreshed);
        Assert.Equal("ASIASECOND", keeper.Current!.AccessKeyId);
        Assert.Equal(2, service.Fetches);
    }

    [Fact]
    public async Task Fixed_credentials_stay_and_cannot_be_refreshed()
    {
        using var log = new EnclaveLog();
        var fixedOnes = new AwsCredentials { AccessKeyId = "AKIA" };
        await using var keeper = CredentialKeeper.Of(fixedOnes, log);
        keeper.Start();
        Assert.Same(fixedOnes, keeper.Current);
        Assert.False(await keeper.RefreshAsync(fixedOnes, TestContext.Current.CancellationToken));
    }

    private static ChannelReader<AwsCredentials> Arrivals(CredentialKeeper keeper)
    {
        var sets = Channel.CreateUnbounded<AwsCredentials>();
        keeper.Changed += fresh => sets.Writer.TryWrite(fresh);
        return sets.Reader;
    }

    private static Task<AwsCredentials> NextAsync(ChannelReader<AwsCredentials> arrivals) => arrivals.ReadAsync(TestContext.Current.CancellationToken).AsTask();

    /// <summary>Time that stands still until the test moves it, and tells what is waited for.</summary>
    private sealed class WatchedTime() : FakeTimeProvider(CredentialKeeperTests.Start)
    {
        private readonly Channel<TimeSpan> _timers = Channel.CreateUnbounded<TimeSpan>();

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            var timer = base.CreateTimer(callback, state, dueTime, period);
            _timers.Writer.TryWrite(dueTime);
            return timer;
        }

        /// <summary>The keeper has begun to pause.</summary>
        public Task WaitingAsync() => _timers.Reader.WaitToReadAsync(TestContext.Current.CancellationToken).AsTask();

        /// <summary>The keeper pauses next, and for exactly so long. The part in which nobody can wake it passes.</summary>
        public async Task PauseAsync(TimeSpan expected)
        {
            var least = expected < Least ? expected : Least;
            Assert.Equal(least, await _timers.Reader.ReadAsync(TestContext.Current.CancellationToken));
            Advance(least);
            if (expected > least)
            {
                Assert.Equal(expected - least, await _timers.Reader.ReadAsync(TestContext.Current.CancellationToken));
            }
        }
    }
}
