// protocol.md section 6, "Nonces": attempts strictly increase, at most 16 in a boot, a higher one wipes the lower; equal calls are answered equally; nothing signs twice.
using KeyMeld.Protocol.Errors;
using static KeyMeld.Protocol.Rounds.AttemptAction;
using static KeyMeld.Protocol.Rounds.AttemptState;

namespace KeyMeld.Protocol.Rounds;

/// <summary>The one transition function of a signing request. Pure: it touches no nonce, its caller does what the action says.</summary>
public static class AttemptMachine
{
    /// <summary>What a command leads to.</summary>
    public static (AttemptState State, AttemptAction Action) Next(AttemptState state, AttemptCommand command) => (state, command) switch
    {
        (Rejected, AttemptCommand.Reject or AttemptCommand.Burn) => (state, new Wipe()),
        (Rejected, _) => (state, new Refuse(ErrorCodes.Rejected)),
        (_, AttemptCommand.Reject) => (new Rejected(), new Wipe()),

        (Opened or Answered, AttemptCommand.Burn) => (new Burnt(state.Attempt, state.Opens), new Wipe()),
        (_, AttemptCommand.Burn) => (state, new Wipe()),

        (_, AttemptCommand.Open open) when open.Attempt > state.Attempt => state.Opens < Limits.Attempts
            ? (new Opened(open.Attempt, state.Opens + 1), new HoldFreshNonces())
            : (state, new Refuse(ErrorCodes.AttemptsExhausted)),
        (Opened or Answered, AttemptCommand.Open open) when open.Attempt == state.Attempt => (state, new RepeatRound1()),
        (_, AttemptCommand.Open) => (state, new Refuse(ErrorCodes.AttemptStale)),

        (_, AttemptCommand.Sign sign) when sign.Attempt > state.Attempt => (state, new Refuse(ErrorCodes.NotLoaded)),
        (Opened, AttemptCommand.Sign sign) when sign.Attempt == state.Attempt => (new Answered(sign.Attempt, state.Opens, sign.Tau), new UseNonces()),
        (Answered answered, AttemptCommand.Sign sign) when sign.Attempt == answered.Attempt && sign.Tau == answered.Tau => (state, new RepeatRound2()),
        (_, AttemptCommand.Sign) => (state, new Refuse(ErrorCodes.NonceAlreadyUsed, NonceReuse: true)),

        _ => throw new InvalidOperationException($"No transition from {state} on {command}."),
    };
}
