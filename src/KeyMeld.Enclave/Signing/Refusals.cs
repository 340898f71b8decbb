using KeyMeld.Enclave.Identity;
using KeyMeld.Protocol.Errors;

namespace KeyMeld.Enclave.Signing;

/// <summary>Turns what the state machine refuses into what the host is told.</summary>
internal static class Refusals
{
    /// <summary>Passes on what is to be done.</summary>
    /// <exception cref="KeyMeldException">It is a refusal.</exception>
    public static AttemptAction Throw(AttemptAction action, EnclaveCounters counters)
    {
        if (action is not AttemptAction.Refuse refusal)
        {
            return action;
        }
        if (refusal.NonceReuse)
        {
            counters.NonceReuseRefused();
        }
        throw new KeyMeldException(refusal.Code, Explain(refusal.Code));
    }

    private static string Explain(string code) => code switch
    {
        ErrorCodes.AttemptStale => "This or a later attempt was opened already.",
        ErrorCodes.AttemptsExhausted => "This request was opened as often as one boot allows.",
        ErrorCodes.NonceAlreadyUsed => "The nonces of this attempt answered another set of round-1 blobs, or are wiped.",
        ErrorCodes.NotLoaded => "This attempt was not opened in this boot.",
        ErrorCodes.Rejected => "A member rejected this request.",
        _ => "Refused.",
    };
}
