using Grpc.Core;
using KeyMeld.Enclave.Hosting;
using KeyMeld.Wire;
using KeyMeld.Wire.V1;
using Microsoft.Extensions.Hosting;

namespace KeyMeld.Tests.Gateway.Support;

/// <summary>The exchange of a <see cref="FakeEnclave"/>: the enclave's own end of it over the fake's calls. A call that the fake loses is answered with nothing the gateway knows.</summary>
internal sealed class FakeExchangeService(FakeEnclaveService fake, CallPlaces places, IHostApplicationLifetime lifetime) : EnclaveExchange.EnclaveExchangeBase
{
    public override async Task Exchange(IAsyncStreamReader<ExchangeCalls> requestStream, IServerStreamWriter<ExchangeAnswers> responseStream, ServerCallContext context)
    {
        using var ends = CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken, lifetime.ApplicationStopping);
        using var server = new ExchangeServer(places, TimeProvider.System, (call, _) => AnswerAsync(call, context), responseStream, ends);
        await server.RunAsync(requestStream);
    }

    private async Task<ExchangeAnswer> AnswerAsync(ExchangeCall call, ServerCallContext context)
    {
        try
        {
            return call.CallCase switch
            {
                ExchangeCall.CallOneofCase.Open => new ExchangeAnswer { Blob = await fake.Open(call.Open, context) },
                ExchangeCall.CallOneofCase.Sign => new ExchangeAnswer { Blob = await fake.Sign(call.Sign, context) },
                ExchangeCall.CallOneofCase.Combine => new ExchangeAnswer { Blob = await fake.Combine(call.Combine, context) },
                _ => new ExchangeAnswer { Key = await fake.SingleSign(call.SingleSign, context) },
            };
        }
        catch (RpcException refusal)
        {
            return new ExchangeAnswer { Fault = new ExchangeFault { Code = refusal.Trailers.GetValue("keymeld-code") ?? "lost", Detail = EnclaveFault.FromRpc(refusal).Message } };
        }
    }
}
