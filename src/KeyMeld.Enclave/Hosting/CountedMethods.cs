using System.Diagnostics.CodeAnalysis;
using Google.Protobuf;
using Grpc.AspNetCore.Server.Model;
using Grpc.Core;
using KeyMeld.Protocol.Errors;
using KeyMeld.Wire;

namespace KeyMeld.Enclave.Hosting;

internal static class CountedMethods
{
    /// <summary>What gRPC's own types ask of a service.</summary>
    public const DynamicallyAccessedMemberTypes Needed =
        DynamicallyAccessedMemberTypes.PublicConstructors | DynamicallyAccessedMemberTypes.PublicMethods | DynamicallyAccessedMemberTypes.NonPublicMethods;
}

/// <summary>Maps the methods of a service, each message of which is counted (<see cref="MessageShape"/>) before it is taken apart.</summary>
/// <param name="bind">The generated binding of the service to its one instance.</param>
internal sealed class CountedMethods<[DynamicallyAccessedMembers(CountedMethods.Needed)] TService>(Action<ServiceBinderBase> bind) : IServiceMethodProvider<TService>
    where TService : class
{
    public void OnServiceMethodDiscovery(ServiceMethodProviderContext<TService> context) => bind(new Binder(context));

    private sealed class Binder(ServiceMethodProviderContext<TService> context) : ServiceBinderBase
    {
        public override void AddMethod<TRequest, TResponse>(Method<TRequest, TResponse> method, UnaryServerMethod<TRequest, TResponse>? handler) =>
            context.AddUnaryMethod(Counted(method), [], (_, request, call) => handler!(request, call));

        public override void AddMethod<TRequest, TResponse>(Method<TRequest, TResponse> method, DuplexStreamingServerMethod<TRequest, TResponse>? handler) =>
            context.AddDuplexStreamingMethod(Counted(method), [], (_, requests, answers, call) => handler!(requests, answers, call));

        private static Method<TRequest, TResponse> Counted<TRequest, TResponse>(Method<TRequest, TResponse> method)
            where TRequest : class
            where TResponse : class
        {
            var (shape, marshaller) = (MessageShape.Of(typeof(TRequest)), method.RequestMarshaller);
            return new Method<TRequest, TResponse>(method.Type, method.ServiceName, method.Name, Marshallers.Create(marshaller.ContextualSerializer, Read), method.ResponseMarshaller);

            TRequest Read(DeserializationContext message)
            {
                try
                {
                    shape.Check(message.PayloadAsReadOnlySequence());
                    return marshaller.ContextualDeserializer(message);
                }
                catch (KeyMeldException refusal)
                {
                    throw EnclaveFault.ToRpc(refusal);
                }
                catch (InvalidProtocolBufferException)
                {
                    throw EnclaveFault.ToRpc(new KeyMeldException(ErrorCodes.BadRequest, "That is no message of this protocol."));
                }
            }
        }
    }
}
