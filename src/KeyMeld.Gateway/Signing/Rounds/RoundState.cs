using System.Collections.Immutable;
using KeyMeld.Gateway.Storage;
using KeyMeld.Protocol.Ids;
using KeyMeld.Protocol.Signing;
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

    /// <summary>
    /// Waiting for round 1 of the members at home, who come when they like: until all of them have, no enclave holds a nonce and the signing holds no turn.
    /// </summary>
    public sealed record Gathering(int Attempt, Slots<RoundBlob> Round1) : RoundState;

    /// <summary>All members at home have answered; waiting for a turn among the group's signings.</summary>
    public sealed record Queuing(int Attempt, Slots<RoundBlob> Round1) : RoundState;

    public sealed record Opening(int Attempt, Slots<RoundBlob> Round1) : RoundState;

    public sealed record Signing(int Attempt, ImmutableArray<RoundBlob> Round1, Slots<RoundBlob> Round2) : RoundState
    {
        /// <summary>τ of the set.</summary>
        public Hash32 Tau() => Round1Set.Tau([.. Round1.Select(blob => Hash32.Sha256(blob.Blob.Span))]);
    }

    public sealed record Combining(int Attempt, ImmutableArray<RoundBlob> Round1, ImmutableArray<RoundBlob> Round2) : RoundState;

    /// <summary>An enclave is away. The attempt is given up; the next begins once all nodes are ready.</summary>
    public sealed record Parked(int Attempt, StoredError Trouble) : RoundState;

    /// <summary>It ended with this, which is still to be written down.</summary>
    public sealed record Ended(SigningOutcome Outcome) : RoundState;

    /// <summary>It is not this gateway's any more: cancelled, rejected, or taken up by another.</summary>
    public sealed record Lost : RoundState;

    /// <summary>The attempt; null once the machine stands still.</summary>
    public int? Number => this switch
    {
        Reserving reserving => reserving.Attempt,
        Gathering gathering => gathering.Attempt,
        Queuing queuing => queuing.Attempt,
        Opening opening => opening.Attempt,
        Signing signing => signing.Attempt,
        Combining combining => combining.Attempt,
        Parked parked => parked.Attempt,
        _ => null,
    };

    /// <summary>Whether the machine stands still for good.</summary>
    public bool IsOver => this is Ended or Lost;

    /// <summary>Whether it needs no place among the group's open requests.</summary>
    public bool IsIdle => this is Gathering or Combining or Parked;
}
