using System.Threading.Channels;
using System.Threading.RateLimiting;
using Grpc.Core;
using KeyMeld.Protocol.Errors;
using KeyMeld.Wire;
using KeyMeld.Wire.Transport;
using KeyMeld.Wire.V1;

namespace KeyMeld.Enclave.Hosting;

/// <summary>
/// One exchange: reads calls as long as there are places for them, works on them beside each other, and sends what is answered together. A call keeps its place until its answer
/// was sent, so that a host who does not read them is not read from either; and it has a share of the places only, so that others are served meanwhile.
/// </summary>
/// <param name="places">Where calls find room.</param>
/// <param name="time">The clock that answers wait by.</param>
/// <param name="answers">Where to send answers.</param>
/// <param name="answer">Answers one call, refusals included. What it throws ends the exchange.</param>
/// <param name="ends">Cancelled when the exchange ends, for whatever reason.</param>
internal sealed class ExchangeServer(
    CallPlaces places, TimeProvider time, Func<ExchangeCall, CancellationToken, Task<ExchangeAnswer>> answer, IAsyncStreamWriter<ExchangeAnswers> answers, CancellationTokenSource ends) : IDisposable
{
    /// <summary>Most calls of one exchange that are worked on, or answered and not sent.</summary>
    public const int Share = CallPlaces.Small * 3 / 4;

    /// <summary>How long answers wait to be read before the exchange ends.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly SemaphoreSlim _share = new(Share);
    private readonly Channel<Answered> _outbox = Channel.CreateUnbounded<Answered>(new UnboundedChannelOptions { SingleReader = true });
    private readonly CancellationToken _ends = ends.Token;
    // One for the reading itself.
    private int _open = 1;

    /// <summary>Returns when no more calls come and all are answered, or when it was cancelled.</summary>
    /// <exception cref="KeyMeldException"><c>limit_exceeded</c>: a message had more calls than it may. Those of earlier ones are answered.</exception>
    public async Task RunAsync(IAsyncStreamReader<ExchangeCalls> calls)
    {
        var sending = SendAsync();
        try
        {
            while (await calls.MoveNext(_ends))
            {
                if (calls.Current.Calls.Count > WireLimits.MaxExchangedCalls)
                {
                    throw new KeyMeldException(ErrorCodes.LimitExceeded, $"A message of an exchange may have {WireLimits.MaxExchangedCalls} calls at most.");
                }
                foreach (var call in calls.Current.Calls)
                {
                    await TakeAsync(call);
                }
            }
        }
        catch (Exception exception) when (exception is IOException || (_ends.IsCancellationRequested && exception is OperationCanceledException or RpcException))
        {
            // The host is gone, or the enclave stops.
        }
        finally
        {
            CloseOne();
            await sending;
        }
    }

    public void Dispose() => _share.Dispose();

    private async Task TakeAsync(ExchangeCall call)
    {
        // Before the place: what is refused for want of one waits to be sent like any answer.
        await _share.WaitAsync(_ends);
        var place = new Place(await places.SmallAsync(_ends), _share);
        Interlocked.Increment(ref _open);
        if (place.Lease.IsAcquired)
        {
            ThreadPool.UnsafeQueueUserWorkItem(static work => _ = work.Server.WorkAsync(work.Call, work.Place), (Server: this, Call: call, Place: place), preferLocal: true);
            return;
        }
        Put(call, new ExchangeAnswer { Fault = EnclaveFault.ToExchange(Admission.Busy()) }, place);
    }

    private async Task WorkAsync(ExchangeCall call, Place place)
    {
        try
        {
            Put(call, await answer(call, _ends), place);
        }
        catch (Exception)
        {
            // Cancelled, or without an answer: whoever waits for one learns it by the end of the exchange.
            place.Dispose();
            await ends.CancelAsync();
            CloseOne();
        }
    }

    private void Put(ExchangeCall call, ExchangeAnswer done, Place place)
    {
        done.Number = call.Number;
        _outbox.Writer.TryWrite(new Answered(done, place));
        CloseOne();
    }

    private void CloseOne()
    {
        if (Interlocked.Decrement(ref _open) == 0)
        {
            _outbox.Writer.TryComplete();
        }
    }

    private async Task SendAsync()
    {
        var sent = new List<Answered>();
        while (await _outbox.Reader.WaitToReadAsync(CancellationToken.None))
        {
            var message = new ExchangeAnswers();
            for (var bytes = 0; bytes < WireLimits.MaxExchangeBytes && _outbox.Reader.TryRead(out var next); bytes += next.Answer.CalculateSize())
            {
                message.Answers.Add(next.Answer);
                sent.Add(next);
            }
            await WriteAsync(message);
            sent.ForEach(done => done.Place.Dispose());
            sent.Clear();
        }
    }

    private async Task WriteAsync(ExchangeAnswers message)
    {
        var writing = Task.CompletedTask;
        try
        {
            writing = answers.WriteAsync(message, _ends);
            await writing.WaitAsync(Patience, time);
        }
        catch (Exception)
        {
            // The host is gone, or does not read: calls that are under way end, and their places with them.
            await ends.CancelAsync();
            await writing.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private readonly record struct Place(RateLimitLease Lease, SemaphoreSlim Share) : IDisposable
    {
        public void Dispose()
        {
            Lease.Dispose();
            Share.Release();
        }
    }

    private readonly record struct Answered(ExchangeAnswer Answer, Place Place);
}
