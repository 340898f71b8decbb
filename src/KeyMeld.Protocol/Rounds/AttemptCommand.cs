using KeyMeld.Protocol.Errors;
using KeyMeld.Protocol.Ids;

namespace KeyMeld.Protocol.Rounds;

/// <summary>What can happen to a signing request.</summary>
public abstract record AttemptCommand
{
    private AttemptCommand()
    {
    }

    /// <summary><em>Open</em>, after every check passed.</summary>
    /// <param name="Attempt">From 1.</param>
    public sealed record Open(int Attempt) : AttemptCommand;

    /// <summary><em>Sign</em> over a round-1 set, after every check passed.</summary>
    /// <param name="Attempt">The attempt.</param>
    /// <param name="Tau">τ of the set.</param>
    public sealed record Sign(int Attempt, Hash32 Tau) : AttemptCommand;

    /// <summary>The nonces are to go, or are gone: eviction, <em>Forget</em>, a failure after they were taken.</summary>
    public sealed record Burn : AttemptCommand;

    /// <summary>A valid reject came.</summary>
    public sealed record Reject : AttemptCommand;
}

/// <summary>What to do about a command.</summary>
public abstract record AttemptAction
{
    private AttemptAction()
    {
    }

    /// <summary>Wipe what is held and hold fresh nonces.</summary>
    public sealed record HoldFreshNonces : AttemptAction;

    /// <summary>Answer the stored round-1 blob.</summary>
    public sealed record RepeatRound1 : AttemptAction;

    /// <summary>Take all nonces of the attempt out, then sign with them.</summary>
    public sealed record UseNonces : AttemptAction;

    /// <summary>Answer the stored round-2 blob.</summary>
    public sealed record RepeatRound2 : AttemptAction;

    /// <summary>Wipe all that is held.</summary>
    public sealed record Wipe : AttemptAction;

    /// <summary>Change nothing and answer this code.</summary>
    /// <param name="Code">One of the error table.</param>
    /// <param name="NonceReuse">Whether spent nonces were asked for again.</param>
    public sealed record Refuse(string Code, bool NonceReuse = false) : AttemptAction
    {
        /// <summary>What whoever asked is told.</summary>
        public KeyMeldException ToException() => new(Code, Code switch
        {
            ErrorCodes.AttemptStale => "This or a later attempt was opened already.",
            ErrorCodes.AttemptsExhausted => "This request was opened as often as one boot allows.",
            ErrorCodes.NonceAlreadyUsed => "The nonces of this attempt answered another set of round-1 blobs, or are wiped.",
            ErrorCodes.NotLoaded => "This attempt was not opened in this boot.",
            ErrorCodes.Rejected => "A member rejected this request.",
            _ => "Refused.",
        });
    }
}
