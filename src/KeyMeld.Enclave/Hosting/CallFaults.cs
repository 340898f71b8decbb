using KeyMeld.Protocol.Errors;
using KeyMeld.Secp256k1;

namespace KeyMeld.Enclave.Hosting;

/// <summary>What leaves a call as an error: a refusal with its code and sentence, or <c>internal</c> and nothing else.</summary>
internal sealed class CallFaults(ILogger<CallFaults> log)
{
    /// <summary>What the caller is told of an exception, which is logged. A call that was cancelled is no fault and does not belong here.</summary>
    public KeyMeldException Of(string call, Exception exception)
    {
        switch (exception)
        {
            case KeyMeldException fault:
                log.LogInformation("{Call} refused: {Code} {Detail}", call, fault.Code, fault.Message);
                return fault;
            case SecureMemoryException:
                log.LogWarning("{Call} refused: {Detail}", call, exception.Message);
                return new KeyMeldException(ErrorCodes.Busy, "The enclave cannot lock more memory for secrets; repeat later, or raise its limit of locked memory.");
            default:
                // Type and place only: the message of a foreign exception may quote what it was given.
                log.LogError("{Call} failed: {Type} {Stack}", call, exception.GetType().FullName, exception.StackTrace);
                return new KeyMeldException(ErrorCodes.Internal, "The enclave could not do that; its log has the place.");
        }
    }
}
