using System.Collections.Concurrent;
using System.Threading.Channels;
using Grpc.Core;
using KeyMeld.Protocol.Errors;
using KeyMeld.Wire;
using KeyMeld.Wire.Transport;
using KeyMeld.Wire.V1;

namespace KeyMeld.Gateway.Fleet;

/// <summary>
/// One stream of calls to an enclave and of its answers, in any order. What waits while a message is being sent travels together in the next. It ends with its connection,
/// and with it every call that is not answered: whether the enclave had taken it is not known, as with any call.
/// </summary>
internal sealed class EnclaveExchangeLine : IAsyncDisposable
{
    private readonly AsyncDuplexStreamingCall<ExchangeCalls, ExchangeAnswers> _stream;
    private readonly Channel<ExchangeCall> _outbox = Channel.CreateUnbounded<ExchangeCall>(new UnboundedChannelOptions { SingleReader = true });
    private readonly ConcurrentDictionary<ulong, TaskCompletionSource<ExchangeAnswer>> _waiting = [];
    private readonly Task _sending;
    private readonly Task _receiving;
    private volatile KeyMeldException? _over;
    private ulong _last;

    public EnclaveExchangeLine(EnclaveExchange.EnclaveExchangeClient client)
    {
        _stream = client.Exchange();
        _sending = SendAsync();
        _receiving = ReceiveAsync();
    }

    /// <summary>No call can be made any more.</summary>
    public bool IsOver => _over is not null;

    /// <summary>Makes one call.</summary>
    /// <param name="call">With a number of this line's choice.</param>
    /// <exception cref="KeyMeldException">enclave_unreachable: the line ended.</exception>
    public async Task<ExchangeAnswer> CallAsync(ExchangeCall call, CancellationToken cancellationToken)
    {
        var answer = new TaskCompletionSource<ExchangeAnswer>(TaskCreationOptions.RunContinuationsAsynchronously);
        call.Number = Interlocked.Increment(ref _last);
        // It waits before it is sent: whoever ends the line refuses what can be sent first, and then whatever waits.
        _waiting[call.Number] = answer;
        try
        {
            return _outbox.Writer.TryWrite(call) ? await answer.Task.WaitAsync(cancellationToken) : throw _over!;
        }
        finally
        {
            _waiting.TryRemove(call.Number, out _);
        }
    }

    /// <summary>Ends the line.</summary>
    /// <param name="cause">What everybody is told who still waits.</param>
    public void End(RpcException cause)
    {
        if (Interlocked.CompareExchange(ref _over, EnclaveFault.FromRpc(cause), null) is null)
        {
            _outbox.Writer.TryComplete();
            foreach (var waiting in _waiting.Values)
            {
                waiting.TrySetException(_over);
            }
            _stream.Dispose();
        }
    }

    public async ValueTask DisposeAsync()
    {
        End(new RpcException(Status.DefaultCancelled));
        await _sending;
        await _receiving;
    }

    private async Task SendAsync()
    {
        try
        {
            while (await _outbox.Reader.WaitToReadAsync())
            {
                var message = new ExchangeCalls();
                var bytes = 0;
                while (bytes <= WireLimits.MaxExchangeBytes - WireLimits.MaxExchangedCallBytes - 1024 && message.Calls.Count < WireLimits.MaxExchangedCalls && _outbox.Reader.TryRead(out var call))
                {
                    bytes += call.CalculateSize() + 8;
                    message.Calls.Add(call);
                }
                await _stream.RequestStream.WriteAsync(message);
            }
        }
        catch (Exception exception)
        {
            End(CauseOf(exception));
        }
    }

    private async Task ReceiveAsync()
    {
        try
        {
            while (await _stream.ResponseStream.MoveNext(CancellationToken.None))
            {
                foreach (var answer in _stream.ResponseStream.Current.Answers)
                {
                    if (_waiting.TryRemove(answer.Number, out var waiting))
                    {
                        waiting.TrySetResult(answer);
                    }
                }
            }
            End(new RpcException(new Status(StatusCode.Unavailable, "the exchange ended")));
        }
        catch (Exception exception)
        {
            End(CauseOf(exception));
        }
    }

    // A stream that breaks while it is used does not always say so in gRPC's words. Whatever it was, the line is over, and nobody waits for the two halves of it but who disposes of them.
    private static RpcException CauseOf(Exception exception) => exception as RpcException ?? new RpcException(new Status(StatusCode.Unavailable, exception.Message, exception));
}
