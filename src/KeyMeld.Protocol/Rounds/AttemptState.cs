using KeyMeld.Protocol.Ids;

namespace KeyMeld.Protocol.Rounds;

/// <summary>Where one signing request stands in this boot. Public facts only: the nonces themselves are with whoever holds it.</summary>
public abstract record AttemptState
{
    private AttemptState(int attempt, int opens) => (Attempt, Opens) = (attempt, opens);

    /// <summary>The highest attempt opened in this boot; 0 before the first.</summary>
    public int Attempt { get; }

    /// <summary>How many attempts were opened in this boot.</summary>
    public int Opens { get; }

    /// <summary>Nothing was opened yet.</summary>
    public sealed record Untouched() : AttemptState(0, 0);

    /// <summary>Nonces of this attempt are held and unused.</summary>
    /// <param name="Attempt">The attempt.</param>
    /// <param name="Opens">Attempts opened so far.</param>
    public sealed record Opened(int Attempt, int Opens) : AttemptState(Attempt, Opens);

    /// <summary>The nonces of this attempt answered the round-1 set <paramref name="Tau"/>, and can answer no other.</summary>
    /// <param name="Attempt">The attempt.</param>
    /// <param name="Opens">Attempts opened so far.</param>
    /// <param name="Tau">τ of the set.</param>
    public sealed record Answered(int Attempt, int Opens, Hash32 Tau) : AttemptState(Attempt, Opens);

    /// <summary>The nonces of this attempt were wiped, and no answer is kept that could be repeated.</summary>
    /// <param name="Attempt">The attempt.</param>
    /// <param name="Opens">Attempts opened so far.</param>
    public sealed record Burnt(int Attempt, int Opens) : AttemptState(Attempt, Opens);

    /// <summary>A member's reject was seen: final in this boot.</summary>
    public sealed record Rejected() : AttemptState(0, 0);
}
