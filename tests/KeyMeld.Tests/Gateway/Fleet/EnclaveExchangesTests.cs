using Google.Protobuf;
using Grpc.Net.Client;
using KeyMeld.Gateway.Fleet;
using KeyMeld.Protocol.Errors;
using KeyMeld.Tests.Gateway.Support;
using KeyMeld.Wire.Transport;
using KeyMeld.Wire.V1;
using Microsoft.Extensions.Time.Testing;

namespace KeyMeld.Tests.Gateway.Fleet;

public sealed class EnclaveExchangesTests : IAsyncLifetime
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("keymeld-exchange-");
    private readonly FakeTimeProvider _time = new();
    private readonly FakeEnclave _enclave;
    private readonly GrpcChannel _channel;
    private readonly EnclaveExchanges _exchanges;

    public EnclaveExchangesTests()
    {
        _enclave = new FakeEnclave(0, _folder.FullName);
        _channel = EnclaveChannel.Open(_enclave.Address);
        _exchanges = new EnclaveExchanges(new EnclaveExchange.EnclaveExchangeClient(_channel), _time);
    }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => await _enclave.StartAsync();

    public async ValueTask DisposeAsync()
    {
        await _exchanges.DisposeAsync();
        _channel.Dispose();
        await _enclave.DisposeAsync();
        _folder.Delete(true);
    }

    [Fact]
    public async Task Many_calls_at_once_get_each_its_own_answer()
    {
        // The answer says what was asked.
        _enclave.Real = (_, _, call) => Task.FromResult<IMessage?>(new KeyAnswer { Answer = ((UntrustedSingleSign)call).Sealed });
        var answers = await Task.WhenAll(Enumerable.Range(1, 500).Select(number => KeyAsync((byte)(number % 256))));
        Assert.All(answers, answer => Assert.Equal(answer.Asked, answer.Told));
    }

    [Fact]
    public async Task An_answer_that_does_not_come_in_time_is_enclave_unreachable_and_the_next_call_takes_another_line()
    {
        var taken = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var held = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _enclave.Before = (_, _) =>
        {
            taken.TrySetResult();
            return held.Task;
        };
        var call = SignAsync();
        await taken.Task.WaitAsync(Cancellation);
        _time.Advance(Deadline);
        Assert.Equal(ErrorCodes.EnclaveUnreachable, (await Assert.ThrowsAsync<KeyMeldException>(() => call)).Code);
        held.SetResult();
        await AnswersAsync();
    }

    [Fact]
    public async Task What_is_under_way_ends_with_the_process_and_the_next_call_reaches_the_one_after_it()
    {
        var taken = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var left = 5;
        _enclave.Before = async (_, _) =>
        {
            // All of them stand in the enclave before it dies.
            if (Interlocked.Decrement(ref left) == 0)
            {
                taken.SetResult();
            }
            await Task.Delay(Timeout.Infinite, Cancellation);
        };
        var calls = Enumerable.Range(0, 5).Select(_ => SignAsync()).ToList();
        await taken.Task.WaitAsync(Cancellation);
        _enclave.Before = (_, _) => Task.CompletedTask;
        await _enclave.CrashAsync();
        foreach (var call in calls)
        {
            Assert.Equal(ErrorCodes.EnclaveUnreachable, (await Assert.ThrowsAsync<KeyMeldException>(() => call)).Code);
        }
        Assert.Equal(ErrorCodes.EnclaveUnreachable, (await Assert.ThrowsAsync<KeyMeldException>(SignAsync)).Code);
        await _enclave.StartAsync();
        await AnswersAsync();
    }

    [Fact]
    public async Task A_line_that_breaks_while_it_is_written_to_ends_all_calls_and_can_be_disposed_of()
    {
        var payload = ByteString.CopyFrom(new byte[WireLimits.MaxExchangedCallBytes - 1024]);
        for (var round = 0; round < 10; round++)
        {
            await using var exchanges = new EnclaveExchanges(new EnclaveExchange.EnclaveExchangeClient(_channel), _time);
            var calls = Enumerable.Range(0, 40).Select(_ => exchanges.CallAsync(new ExchangeCall { SingleSign = new UntrustedSingleSign { Sealed = payload } }, Deadline, Cancellation)).ToList();
            await _enclave.CrashAsync();
            foreach (var call in calls)
            {
                var ended = await Record.ExceptionAsync(() => call);
                Assert.True(ended is null or KeyMeldException { Code: ErrorCodes.EnclaveUnreachable }, ended?.ToString());
            }
            await _enclave.StartAsync();
        }
    }

    [Fact]
    public async Task A_call_that_its_caller_gives_up_disturbs_no_other()
    {
        var taken = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var held = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _enclave.Before = (_, _) =>
        {
            taken.TrySetResult();
            return held.Task;
        };
        using var giving = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        var given = _exchanges.CallAsync(Sign(), Deadline, giving.Token);
        var other = SignAsync();
        await taken.Task.WaitAsync(Cancellation);
        await giving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => given);
        held.SetResult();
        Assert.Equal(ErrorCodes.NotLoaded, (await other).Fault.Code);
    }

    [Theory]
    [InlineData(WireLimits.MaxExchangedCallBytes - 100, true)]
    [InlineData(WireLimits.MaxExchangedCallBytes + 1, false)]
    public void A_large_call_is_made_alone(int items, bool exchanged) =>
        Assert.Equal(exchanged, EnclaveExchanges.Takes(new ExchangeCall { Open = new UntrustedOpen { Items = ByteString.CopyFrom(new byte[items]) } }));

    private async Task<(byte Asked, byte Told)> KeyAsync(byte number)
    {
        var answer = await _exchanges.CallAsync(new ExchangeCall { SingleSign = new UntrustedSingleSign { Sealed = ByteString.CopyFrom(number) } }, Deadline, Cancellation);
        return (number, answer.Key.Answer[0]);
    }

    private async Task AnswersAsync() => Assert.Equal(ErrorCodes.NotLoaded, (await SignAsync()).Fault.Code);

    private Task<ExchangeAnswer> SignAsync() => _exchanges.CallAsync(Sign(), Deadline, Cancellation);

    private static ExchangeCall Sign() => new() { Sign = new UntrustedSign { Request = ByteString.CopyFrom(new byte[32]), Boot = ByteString.CopyFrom(new byte[16]) } };
}
