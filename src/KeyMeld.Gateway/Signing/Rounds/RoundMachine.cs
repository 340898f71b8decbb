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
    public static (RoundState State, ImmutableArray<RoundEffect> Effects) Begin(RoundNodes nodes) =>
        (new RoundState.Reserving(1), [new RoundEffect.Reserve(1, Written: true, Pause: 0, Turn: nodes.Homes == 0)]);

    /// <summary>
    /// The beginning after a restart. Among enclaves only, what was reserved counts as used, and they have to be found first. Members at home may have been waited for
    /// all the time, and no attempt is given up for that: the same one is gathered again. Every node answers it as it did before, or says that it cannot.
    /// </summary>
    public static (RoundState State, ImmutableArray<RoundEffect> Effects) Resume(int attempts, RoundNodes nodes) => nodes.Homes == 0
        ? (new RoundState.Parked(attempts, new StoredError(ErrorCodes.EnclaveUnreachable, "The gateway restarted, and not all enclaves were found.")), [new RoundEffect.Park()])
        : (new RoundState.Reserving(attempts), [new RoundEffect.Adopt(attempts)]);

    public static (RoundState State, ImmutableArray<RoundEffect> Effects) Transition(RoundState state, RoundInput input, RoundNodes nodes) => (state, input) switch
    {
        (RoundState.Reserving reserving, RoundInput.Reserved reserved) when reserved.Attempt == reserving.Attempt => nodes.Homes == 0
            ? Open(reserving.Attempt, Slots<RoundBlob>.Empty(nodes.Count), nodes)
            : (new RoundState.Gathering(reserving.Attempt, Slots<RoundBlob>.Empty(nodes.Count)), Nothing),
        (RoundState.Reserving, RoundInput.NotReserved) => (new RoundState.Lost(), Nothing),
        (RoundState.Queuing queuing, RoundInput.Turned turned) when turned.Attempt == queuing.Attempt => Open(queuing.Attempt, queuing.Round1, nodes),

        (_, RoundInput.FromHome home) => FromHome(state, home, HomeAnswer.Of(state, home.Node, home.Blob), nodes),

        (RoundState.Opening opening, RoundInput.Answered { Call: RoundCall.Open call } answer) when call.Attempt == opening.Attempt =>
            Opened(opening.Attempt, opening.Round1.With(call.Node, answer.Blob), nodes),
        (RoundState.Signing signing, RoundInput.Answered { Call: RoundCall.Sign call } answer) when call.Attempt == signing.Attempt =>
            Signed(signing with { Round2 = signing.Round2.With(call.Node, answer.Blob) }),
        (RoundState.Combining combining, RoundInput.Answered { Call: RoundCall.Combine call } answer) when call.Attempt == combining.Attempt =>
            (new RoundState.Ended(new SigningOutcome(SigningState.Completed, answer.Blob.ToByteArray(), null)), Nothing),

        (RoundState.Opening opening, RoundInput.Refused { Call: RoundCall.Open call } refusal) when call.Attempt == opening.Attempt => Refused(state, refusal, nodes),
        (RoundState.Signing signing, RoundInput.Refused { Call: RoundCall.Sign call } refusal) when call.Attempt == signing.Attempt => Refused(state, refusal, nodes),
        (RoundState.Combining combining, RoundInput.Refused { Call: RoundCall.Combine call } refusal) when call.Attempt == combining.Attempt => Refused(state, refusal, nodes),

        (RoundState.Parked parked, RoundInput.Back) => NextAttempt(parked.Attempt, parked.Trouble, nodes),

        // Every nonce is used and every partial signature made: the enclave that combines does not look at the time.
        (RoundState.Combining, RoundInput.Expired) => (state, [new RoundEffect.Grace()]),
        (RoundState.Parked parked, RoundInput.Expired) => (Expired(parked.Trouble), Nothing),
        (RoundState.Gathering, RoundInput.Expired) => (Expired(new StoredError(ErrorCodes.Expired, "The request expired before all members at home had come to sign.")), Nothing),
        (not (RoundState.Ended or RoundState.Lost), RoundInput.Expired) =>
            (Expired(new StoredError(ErrorCodes.Expired, "The request expired before all its nodes had signed.")), Nothing),
        (RoundState.Combining, RoundInput.Overdue) =>
            (Failed(new StoredError(ErrorCodes.EnclaveUnreachable, "No enclave combined the partial signatures in time.")), Nothing),

        _ => (state, Nothing),
    };

    private static (RoundState, ImmutableArray<RoundEffect>) FromHome(RoundState state, RoundInput.FromHome home, HomeAnswer answer, RoundNodes nodes) => (state, answer) switch
    {
        (_, HomeAnswer.Advances) => NextAttempt(state.Number!.Value, new StoredError(ErrorCodes.NotLoaded, "A member at home lost its nonces."), nodes),
        (RoundState.Gathering gathering, HomeAnswer.Fills) => Gathered(gathering with { Round1 = gathering.Round1.With(home.Node, home.Blob) }, nodes),
        (RoundState.Queuing queuing, HomeAnswer.Fills) => (queuing with { Round1 = queuing.Round1.With(home.Node, home.Blob) }, Nothing),
        (RoundState.Opening opening, HomeAnswer.Fills) => (opening with { Round1 = opening.Round1.With(home.Node, home.Blob) }, Nothing),
        (RoundState.Signing signing, HomeAnswer.Fills) => Signed(signing with { Round2 = signing.Round2.With(home.Node, home.Blob) }),
        _ => (state, Nothing),
    };

    private static (RoundState, ImmutableArray<RoundEffect>) Gathered(RoundState.Gathering gathering, RoundNodes nodes) => gathering.Round1.Has(nodes.HomePlaces) switch
    {
        false => (gathering, Nothing),
        true when nodes.Enclaves == 0 => Opened(gathering.Attempt, gathering.Round1, nodes),
        true => (new RoundState.Queuing(gathering.Attempt, gathering.Round1), [new RoundEffect.TakeTurn(gathering.Attempt)]),
    };

    private static (RoundState, ImmutableArray<RoundEffect>) Open(int attempt, Slots<RoundBlob> round1, RoundNodes nodes) =>
        (new RoundState.Opening(attempt, round1), nodes.OneByOne ? [OpenNext(attempt, round1)] : Calls(nodes, node => new RoundCall.Open(attempt, node)));

    private static (RoundState, ImmutableArray<RoundEffect>) Opened(int attempt, Slots<RoundBlob> round1, RoundNodes nodes) => round1.IsComplete
        ? (new RoundState.Signing(attempt, round1.ToArray(), Slots<RoundBlob>.Empty(nodes.Count)), Calls(nodes, node => new RoundCall.Sign(attempt, node)))
        : (new RoundState.Opening(attempt, round1), nodes.OneByOne ? [OpenNext(attempt, round1)] : Nothing);

    // The first that has not answered: before enclaves are opened, all members at home have.
    private static RoundEffect.Call OpenNext(int attempt, Slots<RoundBlob> round1) =>
        new(new RoundCall.Open(attempt, Enumerable.Range(0, round1.Count).First(node => round1[node] is null)));

    private static (RoundState, ImmutableArray<RoundEffect>) Signed(RoundState.Signing signing) => signing.Round2.IsComplete
        ? (new RoundState.Combining(signing.Attempt, signing.Round1, signing.Round2.ToArray()), [new RoundEffect.Call(new RoundCall.Combine(signing.Attempt))])
        : (signing, Nothing);

    private static (RoundState, ImmutableArray<RoundEffect>) Refused(RoundState state, RoundInput.Refused refusal, RoundNodes nodes)
    {
        var error = new StoredError(refusal.Code, refusal.Detail);
        return Remedies.Of(refusal.Call, refusal.Code) switch
        {
            Remedy.Repeat => (state, [new RoundEffect.Call(refusal.Call.Again(refusal.Call.WithBundle))]),
            Remedy.HandBundle => (state, [new RoundEffect.Call(refusal.Call.Again(withBundle: true))]),
            Remedy.NextAttempt => NextAttempt(refusal.Call.Attempt, error, nodes),
            Remedy.AwaitEnclave => (new RoundState.Parked(refusal.Call.Attempt, error), [new RoundEffect.Park()]),
            _ => (End(error), Nothing),
        };
    }

    private static (RoundState, ImmutableArray<RoundEffect>) NextAttempt(int attempt, StoredError trouble, RoundNodes nodes) => attempt < Limits.Attempts
        ? (new RoundState.Reserving(attempt + 1), [new RoundEffect.Reserve(attempt + 1, Written: false, Pause: attempt - 1, Turn: nodes.Homes == 0)])
        : (Exhausted(trouble), Nothing);

    // Members at home are not called: they ask what is due, and are told as soon as something is.
    private static ImmutableArray<RoundEffect> Calls(RoundNodes nodes, Func<int, RoundCall> call) =>
        [.. Enumerable.Range(0, nodes.Enclaves).Select(node => new RoundEffect.Call(call(node)))];

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
