using Grpc.Core;
using Grpc.Core.Interceptors;
using KeyMeld.Wire;

namespace KeyMeld.Enclave.Hosting;

/// <summary>Turns what a call or an exchange throws into its fault (<see cref="CallFaults"/>). The answer to a call says how long it took.</summary>
internal sealed class FaultInterceptor(TimeProvider time, CallFaults faults) : Interceptor
{
    public override async Task<TResponse> UnaryServerHandler<TRequest, TResponse>(
        TRequest request, ServerCallContext context, UnaryServerMethod<TRequest, TResponse> continuation)
    {
        var began = time.GetTimestamp();
        try
        {
            var reply = await continuation(request, context);
            context.ResponseTrailers.Add(EnclaveTime.Of(time.GetElapsedTime(began)));
            return reply;
        }
        catch (OperationCanceledException) when (context.CancellationToken.IsCancellationRequested)
        {
            throw new RpcException(Status.DefaultCancelled);
        }
        catch (Exception exception)
        {
            throw EnclaveFault.ToRpc(faults.Of(context.Method, exception));
        }
    }

    public override async Task DuplexStreamingServerHandler<TRequest, TResponse>(
        IAsyncStreamReader<TRequest> requestStream, IServerStreamWriter<TResponse> responseStream, ServerCallContext context, DuplexStreamingServerMethod<TRequest, TResponse> continuation)
    {
        try
        {
            await continuation(requestStream, responseStream, context);
        }
        catch (Exception exception) when (exception is not RpcException)
        {
            throw EnclaveFault.ToRpc(faults.Of(context.Method, exception));
        }
    }
}
