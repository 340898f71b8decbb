using Grpc.Core;
using KeyMeld.Enclave.Keys;
using KeyMeld.Enclave.Signing;
using KeyMeld.Protocol.Errors;
using KeyMeld.Wire;
using KeyMeld.Wire.V1;

namespace KeyMeld.Enclave.Hosting;

/// <summary>The calls that come in exchanges, each handed to the desk that answers it when it comes alone.</summary>
internal sealed class ExchangeService(SigningDesk signing, KeyDesk keys, CallPlaces places, CallFaults faults, TimeProvider time, IHostApplicationLifetime lifetime)
    : EnclaveExchange.EnclaveExchangeBase
{
    public override async Task Exchange(IAsyncStreamReader<ExchangeCalls> requestStream, IServerStreamWriter<ExchangeAnswers> responseStream, ServerCallContext context)
    {
        // An exchange has no end of its own; without this the enclave would wait for it when it stops.
        using var ends = CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken, lifetime.ApplicationStopping);
        using var server = new ExchangeServer(places, time, AnswerAsync, responseStream, ends);
        await server.RunAsync(requestStream);
        if (ends.IsCancellationRequested && !lifetime.ApplicationStopping.IsCancellationRequested)
        {
            // Nothing that was not read waits on.
            context.GetHttpContext().Abort();
        }
    }

    private async Task<ExchangeAnswer> AnswerAsync(ExchangeCall call, CancellationToken cancellation)
    {
        var began = time.GetTimestamp();
        try
        {
            var answer = await DoAsync(call, cancellation);
            answer.Worked = EnclaveTime.Units(time.GetElapsedTime(began));
            return answer;
        }
        catch (Exception exception) when (!cancellation.IsCancellationRequested)
        {
            return new ExchangeAnswer { Fault = EnclaveFault.ToExchange(faults.Of(call.CallCase.ToString(), exception)) };
        }
    }

    private async Task<ExchangeAnswer> DoAsync(ExchangeCall call, CancellationToken cancellation) => call.CallCase switch
    {
        ExchangeCall.CallOneofCase.Open => new ExchangeAnswer { Blob = await signing.OpenAsync(call.Open, cancellation) },
        ExchangeCall.CallOneofCase.Sign => new ExchangeAnswer { Blob = await signing.SignAsync(call.Sign, cancellation) },
        ExchangeCall.CallOneofCase.Combine => new ExchangeAnswer { Blob = await signing.CombineAsync(call.Combine, cancellation) },
        ExchangeCall.CallOneofCase.SingleSign => new ExchangeAnswer { Key = await keys.SignAsync(call.SingleSign) },
        _ => throw new KeyMeldException(ErrorCodes.BadRequest, "That is no call of an exchange."),
    };
}
