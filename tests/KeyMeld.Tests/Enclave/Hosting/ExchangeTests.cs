using Google.Protobuf;
using Grpc.Core;
using KeyMeld.Enclave.Hosting;
using KeyMeld.Protocol.Errors;
using KeyMeld.Tests.Enclave.Support;
using KeyMeld.Wire.Transport;
using KeyMeld.Wire.V1;
using Microsoft.Extensions.Time.Testing;

namespace KeyMeld.Tests.Enclave.Hosting;

public class ExchangeTests(MachineFixture fixture) : IClassFixture<MachineFixture>
{
    private readonly WatchedTime _time = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Calls_of_one_message_are_each_answered_and_as_they_are_alone()
    {
        var enclave = await fixture.Machine.StartEnclaveAsync();
        using var channel = EnclaveChannel.Open("unix:" + enclave.Socket);
        using var exchange = new EnclaveExchange.EnclaveExchangeClient(channel).Exchange(cancellationToken: Cancellation);
        var sign = new UntrustedSign { Roster = Bytes(32), Request = Bytes(32), Attempt = 1, Boot = Bytes(16) };
        var alone = await EnclaveCaller.RefusalAsync(async () => await enclave.Client.SignAsync(sign, cancellationToken: Cancellation));
        var message = new ExchangeCalls { Calls = { new ExchangeCall { Number = 1, Sign = sign }, new ExchangeCall { Number = 2 }, new ExchangeCall { Number = 3, Open = new UntrustedOpen() } } };
        for (ulong number = 4; number < 100; number++)
        {
            message.Calls.Add(new ExchangeCall { Number = number, Sign = sign });
        }
        await exchange.RequestStream.WriteAsync(message, Cancellation);
        await exchange.RequestStream.CompleteAsync();

        var answers = new Dictionary<ulong, ExchangeAnswer>();
        await foreach (var some in exchange.ResponseStream.ReadAllAsync(Cancellation))
        {
            foreach (var answer in some.Answers)
            {
                answers.Add(answer.Number, answer);
            }
        }
        Assert.Equal(99, answers.Count);
        Assert.Equal(ErrorCodes.NotLoaded, alone.Code);
        Assert.Equal((alone.Code, alone.Message), (answers[1].Fault.Code, answers[1].Fault.Detail));
        Assert.Equal(ErrorCodes.BadRequest, answers[2].Fault.Code);
        Assert.Equal(ErrorCodes.BadRequest, answers[3].Fault.Code);
        Assert.All(answers.Values.Where(answer => answer.Number > 3), answer => Assert.Equal(alone.Code, answer.Fault.Code));
    }

    [Fact]
    public async Task N05_a_message_that_is_too_large_ends_its_exchange_and_no_other()
    {
        var enclave = await fixture.Machine.StartEnclaveAsync();
        using var channel = EnclaveChannel.Open("unix:" + enclave.Socket);
        var client = new EnclaveExchange.EnclaveExchangeClient(channel);
        using var good = client.Exchange(cancellationToken: Cancellation);
        using var bad = client.Exchange(cancellationToken: Cancellation);
        await AskAsync(good, 1);
        // It may be hung up on in the middle of it: then writing fails, too.
        var tooLarge = new ExchangeCalls { Calls = { new ExchangeCall { Number = 1, Open = new UntrustedOpen { Items = Bytes(WireLimits.MaxExchangeBytes) } } } };
        Assert.True(await Record.ExceptionAsync(() => bad.RequestStream.WriteAsync(tooLarge, Cancellation)) is null or RpcException);
        Assert.Equal(StatusCode.ResourceExhausted, (await Assert.ThrowsAsync<RpcException>(() => bad.ResponseStream.MoveNext(Cancellation))).StatusCode);
        await AskAsync(good, 2);
    }

    [Fact]
    public async Task G13_a_message_of_too_many_calls_ends_its_exchange_by_name_and_no_other()
    {
        var enclave = await fixture.Machine.StartEnclaveAsync();
        using var channel = EnclaveChannel.Open("unix:" + enclave.Socket);
        var client = new EnclaveExchange.EnclaveExchangeClient(channel);
        using var good = client.Exchange(cancellationToken: Cancellation);
        using var bad = client.Exchange(cancellationToken: Cancellation);
        await AskAsync(good, 1);
        await AskAsync(bad, 1, WireLimits.MaxExchangedCalls);
        await bad.RequestStream.WriteAsync(Numbered(1, WireLimits.MaxExchangedCalls + 1), Cancellation);
        Assert.Equal(ErrorCodes.LimitExceeded, (await EnclaveCaller.RefusalAsync(() => bad.ResponseStream.MoveNext(Cancellation))).Code);
        await AskAsync(good, 2);
    }

    [Fact]
    public async Task N05_more_exchanges_than_connections_are_refused_and_the_first_goes_on()
    {
        var enclave = await fixture.Machine.StartEnclaveAsync();
        using var channel = EnclaveChannel.Open("unix:" + enclave.Socket);
        var client = new EnclaveExchange.EnclaveExchangeClient(channel);
        var open = new List<AsyncDuplexStreamingCall<ExchangeCalls, ExchangeAnswers>>();
        for (var i = 0; i < CallPlaces.MaxConnections; i++)
        {
            open.Add(client.Exchange(cancellationToken: Cancellation));
            await AskAsync(open[i], 1);
        }
        using var more = client.Exchange(cancellationToken: Cancellation);
        var refusal = await EnclaveCaller.RefusalAsync(() => more.ResponseStream.MoveNext(Cancellation));
        Assert.Equal(ErrorCodes.Busy, refusal.Code);
        await AskAsync(open[0], 2);
        open.ForEach(exchange => exchange.Dispose());
    }

    [Fact]
    public async Task N05_who_does_not_read_the_answers_is_not_read_from_either()
    {
        using var places = new CallPlaces();
        using var ends = new CancellationTokenSource();
        var calls = new EndlessCalls();
        using var server = new ExchangeServer(places, _time, (_, _) => Task.FromResult(new ExchangeAnswer()), new Unread(), ends);
        var running = server.RunAsync(calls);
        await calls.StandsStill(Cancellation);
        Assert.InRange(calls.Given, 1, 64);
        // Others have places meanwhile.
        using (var other = await places.SmallAsync(Cancellation).AsTask().WaitAsync(TimeSpan.FromMinutes(3), Cancellation))
        {
            Assert.True(other.IsAcquired);
        }
        await ends.CancelAsync();
        await running.WaitAsync(TimeSpan.FromMinutes(3), Cancellation);
        // All places are free again.
        for (var i = 0; i < 32; i++)
        {
            Assert.True((await places.SmallAsync(Cancellation).AsTask().WaitAsync(TimeSpan.FromMinutes(3), Cancellation)).IsAcquired);
        }
    }

    [Fact]
    public async Task N05_refusals_for_want_of_a_place_wait_to_be_read_like_answers()
    {
        using var places = new CallPlaces();
        using var ends = new CancellationTokenSource();
        // All places are taken, and as many wait as may.
        while (places.SmallAsync(ends.Token).AsTask() is { IsCompletedSuccessfully: false } or { Result.IsAcquired: true })
        {
        }
        var calls = new EndlessCalls();
        using var server = new ExchangeServer(places, _time, (_, _) => Task.FromResult(new ExchangeAnswer()), new Unread(), ends);
        var running = server.RunAsync(calls);
        await calls.StandsStill(Cancellation);
        Assert.InRange(calls.Given, 1, 64);
        await ends.CancelAsync();
        await running.WaitAsync(TimeSpan.FromMinutes(3), Cancellation);
    }

    [Fact]
    public async Task N05_an_exchange_whose_answers_nobody_reads_ends_by_itself()
    {
        using var places = new CallPlaces();
        using var ends = new CancellationTokenSource();
        var calls = new EndlessCalls();
        using var server = new ExchangeServer(places, _time, (_, _) => Task.FromResult(new ExchangeAnswer()), new Unread(), ends);
        var running = server.RunAsync(calls);
        // Its time runs from the moment somebody waits.
        await _time.Waited.WaitAsync(Cancellation);
        _time.Advance(ExchangeServer.Patience - TimeSpan.FromMilliseconds(1));
        Assert.False(ends.IsCancellationRequested);
        _time.Advance(TimeSpan.FromMilliseconds(1));
        await running.WaitAsync(TimeSpan.FromMinutes(3), Cancellation);
        Assert.True(ends.IsCancellationRequested);
    }

    [Fact]
    public async Task An_answer_that_cannot_be_made_ends_the_exchange_instead_of_being_waited_for()
    {
        using var places = new CallPlaces();
        using var ends = new CancellationTokenSource();
        using var server = new ExchangeServer(places, _time, (_, _) => throw new InvalidOperationException(), new Unread(), ends);
        await server.RunAsync(new EndlessCalls()).WaitAsync(TimeSpan.FromMinutes(3), Cancellation);
        Assert.True(ends.IsCancellationRequested);
    }

    private static async Task AskAsync(AsyncDuplexStreamingCall<ExchangeCalls, ExchangeAnswers> exchange, ulong first, int calls = 1)
    {
        await exchange.RequestStream.WriteAsync(Numbered(first, calls), Cancellation);
        var answered = new List<ulong>();
        while (answered.Count < calls)
        {
            Assert.True(await exchange.ResponseStream.MoveNext(Cancellation));
            answered.AddRange(exchange.ResponseStream.Current.Answers.Select(answer => answer.Number));
        }
        Assert.Equal(Numbered(first, calls).Calls.Select(call => call.Number), answered.Order());
    }

    private static ExchangeCalls Numbered(ulong first, int calls) =>
        new() { Calls = { Enumerable.Range(0, calls).Select(index => new ExchangeCall { Number = first + (ulong)index }) } };

    private static ByteString Bytes(int length) => ByteString.CopyFrom(new byte[length]);

    private sealed class EndlessCalls : IAsyncStreamReader<ExchangeCalls>
    {
        private int _given;

        public int Given => Volatile.Read(ref _given);

        public ExchangeCalls Current { get; } = new() { Calls = { new ExchangeCall() } };

        public async Task<bool> MoveNext(CancellationToken cancellationToken)
        {
            await Task.Yield();
            cancellationToken.ThrowIfCancellationRequested();
            Interlocked.Increment(ref _given);
            return true;
        }

        /// <summary>Returns when nothing was read for a while, whatever "a while" is on this machine: the number only grows, so looking too early finds fewer, never more.</summary>
        public async Task StandsStill(CancellationToken cancellationToken)
        {
            while (Given == 0)
            {
                await Task.Delay(20, cancellationToken);
            }
            for (var (before, same) = (-1, 0); same < 5; same = before == Given ? same + 1 : 0)
            {
                before = Given;
                await Task.Delay(20, cancellationToken);
            }
        }
    }

    /// <summary>Time that stands still until the test moves it, and tells when it is waited for.</summary>
    private sealed class WatchedTime : FakeTimeProvider
    {
        private readonly TaskCompletionSource _waited = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Waited => _waited.Task;

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            var timer = base.CreateTimer(callback, state, dueTime, period);
            _waited.TrySetResult();
            return timer;
        }
    }

    private sealed class Unread : IAsyncStreamWriter<ExchangeAnswers>
    {
        public WriteOptions? WriteOptions { get; set; }

        public Task WriteAsync(ExchangeAnswers message) => throw new NotSupportedException("Nobody could end it.");

        public Task WriteAsync(ExchangeAnswers message, CancellationToken cancellationToken) => Task.Delay(Timeout.Infinite, cancellationToken);
    }
}
