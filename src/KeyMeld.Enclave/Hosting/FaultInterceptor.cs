using Grpc.Core;
using Grpc.Core.Interceptors;
using KeyMeld.Protocol.Errors;
using KeyMeld.Secp256k1;
using KeyMeld.Wire;

namespace KeyMeld.Enclave.Hosting;

/// <summary>What leaves a call as an error: a refusal with its code and sentence, or <c>internal</c> and nothing else. An answer says how long it took.</summary>
internal sealed class FaultInterceptor(TimeProvider time, ILogger<FaultInterceptor> log) : Interceptor
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
        catch (KeyMeldException fault)
        {
            log.LogInformation("{Call} refused: {Code} {Detail}", context.Method, fault.Code, fault.Message);
            throw EnclaveFault.ToRpc(fault);
        }
        catch (OperationCanceledException) when (context.CancellationToken.IsCancellationRequested)
        {
            throw new RpcException(Status.DefaultCancelled);
        }
        catch (SecureMemoryException exception)
        {
            log.LogWarning("{Call} refused: {Detail}", context.Method, exception.Message);
            throw EnclaveFault.ToRpc(new KeyMeldException(ErrorCodes.Busy, "The enclave cannot lock more memory for secrets; repeat later, or raise its limit of locked memory."));
        }
        catch (Exception exception)
        {
            // Type and place only: the message of a foreign exception may quote what it was given.
            log.LogError("{Call} failed: {Type} {Stack}", context.Method, exception.GetType().FullName, exception.StackTrace);
            throw EnclaveFault.ToRpc(new KeyMeldException(ErrorCodes.Internal, "The enclave could not do that; its log has the place."));
        }
    }
}
