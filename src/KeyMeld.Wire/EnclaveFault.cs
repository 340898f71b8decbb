// How an enclave's refusal crosses gRPC: a status for the transport, the stable code and its sentence in trailers.
using System.Text;
using Grpc.Core;
using KeyMeld.Protocol.Errors;
using KeyMeld.Wire.Transport;
using KeyMeld.Wire.V1;

namespace KeyMeld.Wire;

/// <summary>Turns a <see cref="KeyMeldException"/> into a gRPC status with trailers, and back.</summary>
public static class EnclaveFault
{
    private const string CodeKey = "keymeld-code";
    private const string DetailKey = "keymeld-detail-bin";
    private const string AwsCodeKey = "keymeld-aws-code";

    /// <summary>What the enclave throws out of a call.</summary>
    public static RpcException ToRpc(KeyMeldException fault)
    {
        var trailers = new Metadata
        {
            { CodeKey, fault.Code },
            { DetailKey, Encoding.UTF8.GetBytes(fault.Message) },
        };
        if (fault.AwsCode is { } awsCode)
        {
            trailers.Add(AwsCodeKey, awsCode);
        }
        return new RpcException(new Status(StatusCode.FailedPrecondition, fault.Code), trailers);
    }

    /// <summary>What the gateway makes of a failed call: the enclave's own code, or <c>enclave_unreachable</c> for everything the transport did.</summary>
    public static KeyMeldException FromRpc(RpcException exception)
    {
        var code = exception.Trailers.GetValue(CodeKey);
        if (code is null || !ErrorCodes.IsKnown(code))
        {
            // The transport's own sentence names the place and errno.
            var cause = Find(exception.Status.DebugException) is { } transport ? transport.Message : exception.StatusCode.ToString();
            return new KeyMeldException(ErrorCodes.EnclaveUnreachable, $"The enclave did not answer ({cause}).", exception);
        }
        var detail = exception.Trailers.GetValueBytes(DetailKey);
        return new KeyMeldException(code, detail is null ? code : Encoding.UTF8.GetString(detail), exception) { AwsCode = exception.Trailers.GetValue(AwsCodeKey) };
    }

    /// <summary>What the enclave answers in an exchange.</summary>
    public static ExchangeFault ToExchange(KeyMeldException fault) => new() { Code = fault.Code, Detail = fault.Message };

    /// <summary>What the gateway makes of a refusal in an exchange.</summary>
    public static KeyMeldException FromExchange(ExchangeFault fault) => ErrorCodes.IsKnown(fault.Code)
        ? new KeyMeldException(fault.Code, fault.Detail)
        : new KeyMeldException(ErrorCodes.EnclaveUnreachable, "The enclave did not answer (a refusal without a code that is known).");

    private static TransportException? Find(Exception? exception) => exception is null ? null : exception as TransportException ?? Find(exception.InnerException);
}
