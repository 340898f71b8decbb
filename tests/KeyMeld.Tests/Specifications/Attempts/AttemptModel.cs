using KeyMeld.Protocol.Errors;

namespace KeyMeld.Tests.Specifications.Attempts;

internal enum AttemptPhase : byte
{
    Untouched,
    Opened,
    Answered,
    Burnt,
    Rejected,
}

/// <summary>A Sign of one attempt over one of two round-1 sets.</summary>
internal readonly record struct SignArgument(int Attempt, int Set)
{
    public override string ToString() => $"{Attempt}, set {(Set == 0 ? "A" : "B")}";
}

/// <summary>One signing request in one boot of an enclave, as its host can drive it.</summary>
/// <param name="Phase">Where it stands.</param>
/// <param name="Attempt">The highest opened so far.</param>
/// <param name="Opens">How many were opened.</param>
/// <param name="Set">The round-1 set that was answered.</param>
/// <param name="Challenges">Two bits an attempt: for which sets its nonces made partial signatures.</param>
internal readonly record struct AttemptModel(AttemptPhase Phase, byte Attempt, byte Opens, byte Set, uint Challenges)
{
    public static AttemptModel Initial => default;

    public AttemptModel Open(int attempt, int limit) => Phase != AttemptPhase.Rejected && attempt > Attempt && Opens < limit
        ? this with { Phase = AttemptPhase.Opened, Attempt = (byte)attempt, Opens = (byte)(Opens + 1), Set = 0 }
        : this;

    public AttemptModel Sign(SignArgument sign) => Phase == AttemptPhase.Opened && sign.Attempt == Attempt
        ? this with { Phase = AttemptPhase.Answered, Set = (byte)sign.Set, Challenges = Challenges | Bit(sign) }
        : this;

    public AttemptModel Burn() => Phase is AttemptPhase.Opened or AttemptPhase.Answered ? this with { Phase = AttemptPhase.Burnt, Set = 0 } : this;

    public AttemptModel Reject() => this with { Phase = AttemptPhase.Rejected, Attempt = 0, Opens = 0, Set = 0 };

    /// <summary>"round1", or the code of the refusal.</summary>
    public string AnswerOpen(int attempt, int limit) => this switch
    {
        { Phase: AttemptPhase.Rejected } => ErrorCodes.Rejected,
        _ when attempt > Attempt => Opens < limit ? "round1" : ErrorCodes.AttemptsExhausted,
        { Phase: AttemptPhase.Opened or AttemptPhase.Answered } when attempt == Attempt => "round1",
        _ => ErrorCodes.AttemptStale,
    };

    /// <summary>"round2", or the code of the refusal.</summary>
    public string AnswerSign(SignArgument sign) => this switch
    {
        { Phase: AttemptPhase.Rejected } => ErrorCodes.Rejected,
        _ when sign.Attempt > Attempt => ErrorCodes.NotLoaded,
        { Phase: AttemptPhase.Opened } when sign.Attempt == Attempt => "round2",
        { Phase: AttemptPhase.Answered } when sign.Attempt == Attempt && sign.Set == Set => "round2",
        _ => ErrorCodes.NonceAlreadyUsed,
    };

    /// <summary>Whether the nonces of an attempt answered both sets: the key would be gone.</summary>
    public bool HasTwoChallenges(int attempt) => ((Challenges >> (2 * attempt)) & 0b11) == 0b11;

    public override string ToString() => Phase switch
    {
        AttemptPhase.Untouched or AttemptPhase.Rejected => Phase.ToString().ToLowerInvariant(),
        AttemptPhase.Answered => $"answered {Attempt}, set {(Set == 0 ? "A" : "B")}",
        _ => $"{Phase.ToString().ToLowerInvariant()} {Attempt}",
    };

    public static uint Bit(SignArgument sign) => 1u << ((2 * sign.Attempt) + sign.Set);
}
