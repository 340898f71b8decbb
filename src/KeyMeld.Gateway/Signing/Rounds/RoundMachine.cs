using System.Collections.Immutable;
using Google.Protobuf;
using KeyMeld.Gateway.Storage;
using KeyMeld.Protocol;
using KeyMeld.Protocol.Errors;
using KeyMeld.Wire.V1;

namespace KeyMeld.Gateway.Signing.Rounds;

/// <summary>
/// The rounds of one signing as a pure function: nothing is called, timed or stored here. Answers to an attempt that was given up fall through to the last arm and
/// change nothing.
/// </summary>
internal static class RoundMachine
{
    private static readonly ImmutableArray<RoundEffect> Nothing = [];

    /// <summary>The beginning, with attempt 1 reserved in the transaction that started the signing.</summary>
    public static (RoundState State, ImmutableArray<RoundEffect> Effects) Begin() =>
        (new RoundState.Reserving(1), [new RoundEffect.Reserve(1, Written: true, Pause: 0)]);

    /// <summary>The beginning after a restart: what was reserved counts as used, and the enclaves have to be found first.</summary>
    public static (RoundState State, ImmutableArray<RoundEffect> Effects) Resume(int attempts) =>
        (new RoundState.Parked(attempts, new StoredError(ErrorCodes.EnclaveUnreachable, "The gateway restarted, and not all enclaves were found.")), [new RoundEffect.Park()]);

    public static (RoundState State, ImmutableArray<RoundEffect> Effects) Transition(RoundState state, RoundInput input, int nodes) => (state, input) switch
    {
        (RoundState.Reserving reserving, RoundInput.Reserved reserved) when reserved.Attempt == reserving.Attempt =>
            (new RoundState.Opening(reserving.Attempt, Slots<RoundBlob>.Empty(nodes)), Calls(nodes, node => new RoundCall.Open(reserving.Attempt, node))),
        (RoundState.Reserving, RoundInput.NotReserved) => (new RoundState.Lost(), Nothing),

        (RoundState.Opening opening, RoundInput.Answered { Call: RoundCall.Open call } answer) when call.Attempt == opening.Attempt =>
            Opened(opening with { Round1 = opening.Round1.With(call.Node, answer.Blob) }, nodes),
        (RoundState.Signing signing, RoundInput.Answered { Call: RoundCall.Sign call } answer) when call.Attempt == signing.Attempt =>
            Signed(signing with { Round2 = signing.Round2.With(call.Node, answer.Blob) }),
        (RoundState.Combining combining, RoundInput.Answered { Call: RoundCall.Combine call } answer) when call.Attempt == combining.Attempt =>
            (new RoundState.Ended(new SigningOutcome(SigningState.Completed, answer.Blob.ToByteArray(), null)), Nothing),

        (RoundState.Opening opening, RoundInput.Refused { Call: RoundCall.Open call } refusal) when call.Attempt == opening.Attempt => Refused(state, refusal),
        (RoundState.Signing signing, RoundInput.Refused { Call: RoundCall.Sign call } refusal) when call.Attempt == signing.Attempt => Refused(state, refusal),
        (RoundState.Combining combining, RoundInput.Refused { Call: RoundCall.Combine call } refusal) when call.Attempt == combining.Attempt => Refused(state, refusal),

        (RoundState.Parked parked, RoundInput.Back) => NextAttempt(parked.Attempt, parked.Trouble),

        // Every nonce is used and every partial signature made: the enclave that combines does not look at the time.
        (RoundState.Combining, RoundInput.Expired) => (state, [new RoundEffect.Grace()]),
        (RoundState.Parked parked, RoundInput.Expired) => (Expired(parked.Trouble), Nothing),
        (not (RoundState.Ended or RoundState.Lost), RoundInput.Expired) =>
            (Expired(new StoredError(ErrorCodes.Expired, "The request expired before all enclaves had signed.")), Nothing),
        (RoundState.Combining, RoundInput.Overdue) =>
            (Failed(new StoredError(ErrorCodes.EnclaveUnreachable, "No enclave combined the partial signatures in time.")), Nothing),

        _ => (state, Nothing),
    };

    private static (RoundState, ImmutableArray<RoundEffect>) Opened(RoundState.Opening opening, int nodes) => opening.Round1.IsComplete
        ? (new RoundState.Signing(opening.Attempt, opening.Round1.ToArray(), Slots<RoundBlob>.Empty(nodes)), Calls(nodes, node => new RoundCall.Sign(opening.Attempt, node)))
        : (opening, Nothing);

    private static (RoundState, ImmutableArray<RoundEffect>) Signed(RoundState.Signing signing) => signing.Round2.IsComplete
        ? (new RoundState.Combining(signing.Attempt, signing.Round1, signing.Round2.ToArray()), [new RoundEffect.Call(new RoundCall.Combine(signing.Attempt))])
        : (signing, Nothing);

    private static (RoundState, ImmutableArray<RoundEffect>) Refused(RoundState state, RoundInput.Refused refusal)
    {
        var error = new StoredError(refusal.Code, refusal.Detail);
        return Remedies.Of(refusal.Call, refusal.Code) switch
        {
            Remedy.Repeat => (state, [new RoundEffect.Call(refusal.Call.Again(refusal.Call.WithBundle))]),
            Remedy.HandBundle => (state, [new RoundEffect.Call(refusal.Call.Again(withBundle: true))]),
            Remedy.NextAttempt => NextAttempt(refusal.Call.Attempt, error),
            Remedy.AwaitEnclave => (new RoundState.Parked(refusal.Call.Attempt, error), [new RoundEffect.Park()]),
            _ => (End(error), Nothing),
        };
    }

    private static (RoundState, ImmutableArray<RoundEffect>) NextAttempt(int attempt, StoredError trouble) => attempt < Limits.Attempts
        ? (new RoundState.Reserving(attempt + 1), [new RoundEffect.Reserve(attempt + 1, Written: false, Pause: attempt - 1)])
        : (Exhausted(trouble), Nothing);

    private static ImmutableArray<RoundEffect> Calls(int nodes, Func<int, RoundCall> call) => [.. Enumerable.Range(0, nodes).Select(node => new RoundEffect.Call(call(node)))];

    private static RoundState.Ended End(StoredError error) => error.Code switch
    {
        ErrorCodes.Expired or ErrorCodes.SigningClosed => Expired(error),
        ErrorCodes.Rejected => new RoundState.Ended(new SigningOutcome(SigningState.Rejected, null, error)),
        _ => Failed(error),
    };

    private static RoundState.Ended Exhausted(StoredError trouble) =>
        Failed(new StoredError(ErrorCodes.AttemptsExhausted, $"None of {Limits.Attempts} attempts succeeded; the last ended with {trouble.Code}: {trouble.Detail}"));

    private static RoundState.Ended Expired(StoredError error) => new(new SigningOutcome(SigningState.Expired, null, error));

    private static RoundState.Ended Failed(StoredError error) => new(new SigningOutcome(SigningState.Failed, null, error));
}
