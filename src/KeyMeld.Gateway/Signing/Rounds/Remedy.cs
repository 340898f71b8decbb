using KeyMeld.Protocol.Errors;

namespace KeyMeld.Gateway.Signing.Rounds;

/// <summary>What helps against a refusal.</summary>
internal enum Remedy
{
    /// <summary>Nothing: the signing ends with it.</summary>
    End,

    /// <summary>The same call, later.</summary>
    Repeat,

    /// <summary>The same call with the group beside it.</summary>
    HandBundle,

    /// <summary>New nonces.</summary>
    NextAttempt,

    /// <summary>Waiting until the enclave is back, then new nonces.</summary>
    AwaitEnclave,
}

internal static class Remedies
{
    /// <summary>How often one call is repeated: with the pauses between (<see cref="SigningCalls.Pause"/>) minutes.</summary>
    public static int MaxTriesOf(RoundCall call) => call is RoundCall.Open ? 1_000 : 100;

    public static Remedy Of(RoundCall call, string code)
    {
        var remedy = code switch
        {
            ErrorCodes.NotLoaded => call is RoundCall.Sign ? Remedy.NextAttempt : call.WithBundle ? Remedy.Repeat : Remedy.HandBundle,
            ErrorCodes.NonceAlreadyUsed or ErrorCodes.AttemptStale or ErrorCodes.RelayFault => Remedy.NextAttempt,
            // Combining needs no nonces: any enclave that is ready will do.
            ErrorCodes.EnclaveUnreachable or ErrorCodes.EnclaveLocked => call is RoundCall.Combine ? Remedy.Repeat : Remedy.AwaitEnclave,
            // The rule was complete here, or a program is wrong: time will not help.
            ErrorCodes.ApprovalsMissing or ErrorCodes.Internal => Remedy.End,
            _ => ErrorCodes.Get(code).Retryable ? Remedy.Repeat : Remedy.End,
        };
        return remedy == Remedy.Repeat && call.Try >= MaxTriesOf(call) ? Remedy.End : remedy;
    }
}
