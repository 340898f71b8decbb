using System.Collections.Immutable;
using KeyMeld.Gateway.Storage;
using KeyMeld.Wire.V1;

namespace KeyMeld.Gateway.Signing.Rounds;

/// <summary>Where one signing stands in its rounds (protocol.md section 6). The cases below are the whole set: the constructor is private.</summary>
internal abstract record RoundState
{
    private RoundState()
    {
    }

    /// <summary>The attempt's number is being written down, before anything is done under it.</summary>
    public sealed record Reserving(int Attempt) : RoundState;

    public sealed record Opening(int Attempt, Slots<RoundBlob> Round1) : RoundState;

    public sealed record Signing(int Attempt, ImmutableArray<RoundBlob> Round1, Slots<RoundBlob> Round2) : RoundState;

    public sealed record Combining(int Attempt, ImmutableArray<RoundBlob> Round1, ImmutableArray<RoundBlob> Round2) : RoundState;

    /// <summary>An enclave is away. The attempt is given up; the next begins once all nodes are ready.</summary>
    public sealed record Parked(int Attempt, StoredError Trouble) : RoundState;

    /// <summary>It ended with this, which is still to be written down.</summary>
    public sealed record Ended(SigningOutcome Outcome) : RoundState;

    /// <summary>It is not this gateway's any more: cancelled, rejected, or taken up by another.</summary>
    public sealed record Lost : RoundState;

    /// <summary>Whether the machine stands still for good.</summary>
    public bool IsOver => this is Ended or Lost;
}
