using KeyMeld.Enclave.Identity;
using KeyMeld.Protocol.Rounds;

namespace KeyMeld.Enclave.Signing;

/// <summary>Turns what the state machine refuses into what the host is told.</summary>
internal static class Refusals
{
    /// <summary>Passes on what is to be done.</summary>
    /// <exception cref="Protocol.Errors.KeyMeldException">It is a refusal.</exception>
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
        throw refusal.ToException();
    }
}
