using KeyMeld.Enclave.Groups;
using KeyMeld.Protocol.Ids;
using KeyMeld.Protocol.Rounds;
using KeyMeld.Protocol.Statements;
using KeyMeld.Wire.V1;

namespace KeyMeld.Enclave.Signing;

/// <summary>
/// One signing request in this boot: its state, and what is held while it is in that state. Only whoever holds the gate of its D touches it. Without nonces
/// and answers it is what must be remembered until the request expires: the attempts that were, and a reject. So it does not keep the request itself.
/// </summary>
internal sealed class SigningEntry : IDisposable
{
    private readonly MemoryReservation _reservation;
    // One bit for each of at most 100 participants.
    private readonly UInt128 _signers;

    public SigningEntry(Signed<SigningRequest> request, Signed<Manifest> manifest, MemoryReservation reservation)
    {
        (Digest, Roster, Manifest) = (request.Digest, request.Value.Roster, manifest.Digest);
        (Created, Expires, SignUntil) = (request.Value.Created, request.Value.Expires, manifest.Value.SignUntil);
        _signers = request.Value.Signers.Aggregate(UInt128.Zero, (signers, signer) => signers | (UInt128.One << signer));
        _reservation = reservation;
        (PlaceOfWork, PlaceOfAnswers) = (new LinkedListNode<SigningEntry>(this), new LinkedListNode<SigningEntry>(this));
    }

    /// <summary>What an entry takes of the memory budget while it holds nothing else.</summary>
    public const int Weight = 512;

    /// <summary>D.</summary>
    public Hash32 Digest { get; }

    /// <summary>The request's ρ.</summary>
    public Hash32 Roster { get; }

    public Hash32 Manifest { get; }

    public long Created { get; }

    public long Expires { get; }

    /// <summary>The manifest's <c>sign_until</c>.</summary>
    public long? SignUntil { get; }

    /// <summary>Where it stands among those whose work could be given up; the table's alone.</summary>
    internal LinkedListNode<SigningEntry> PlaceOfWork { get; }

    /// <summary>Where it stands among those whose answers could be given up; the table's alone.</summary>
    internal LinkedListNode<SigningEntry> PlaceOfAnswers { get; }

    public AttemptState State { get; private set; } = new AttemptState.Untouched();

    /// <summary>What is needed to sign; there exactly while the state is Opened.</summary>
    public OpenedAttempt? Opened { get; private set; }

    /// <summary>The stored answers; there while the state is Opened (the first) or Answered (both).</summary>
    public StoredAnswers? Answers { get; private set; }

    /// <summary>Whether a participant is among the request's signers.</summary>
    public bool IsSigner(int participant) => ((_signers >> participant) & UInt128.One) == UInt128.One;

    /// <summary>Applies a command, and wipes what must not outlive the change. Whoever is told to use or make nonces does so next.</summary>
    public AttemptAction Apply(AttemptCommand command)
    {
        (State, var action) = AttemptMachine.Next(State, command);
        if (action is AttemptAction.Wipe or AttemptAction.HoldFreshNonces)
        {
            Wipe();
        }
        return action;
    }

    /// <summary>Applies a command that was found to lead to this action, under the same gate.</summary>
    public void Require<TAction>(AttemptCommand command)
        where TAction : AttemptAction
    {
        if (AttemptMachine.Next(State, command).Action is not TAction)
        {
            throw new InvalidOperationException($"The request changed under its gate: {State}.");
        }
        Apply(command);
    }

    /// <summary>After <see cref="AttemptAction.HoldFreshNonces"/>: takes over fresh nonces and the answer that shows them.</summary>
    public void Hold(OpenedAttempt opened, StoredAnswers answers) => (Opened, Answers) = (opened, answers);

    /// <summary>After <see cref="AttemptAction.UseNonces"/>: hands everything over; what was held is no longer in the table.</summary>
    public OpenedAttempt TakeOpened()
    {
        var opened = Opened ?? throw new InvalidOperationException("Nothing is open.");
        Opened = null;
        return opened;
    }

    public void Dispose()
    {
        Wipe();
        _reservation.Dispose();
    }

    private void Wipe()
    {
        Opened?.Dispose();
        Answers?.Dispose();
        (Opened, Answers) = (null, null);
    }
}

/// <summary>What equal calls are answered with, and the work <em>Combine</em> need not do again.</summary>
internal sealed class StoredAnswers(RoundBlob round1, IDisposable held) : IDisposable
{
    private MemoryReservation? _ofPrepared;

    public RoundBlob Round1 { get; } = round1;

    public RoundBlob? Round2 { get; set; }

    public PreparedRound? Prepared { get; private set; }

    /// <summary>Keeps what <em>Sign</em> computed, for a <em>Combine</em> of the same attempt and set.</summary>
    public void Keep(PreparedRound prepared, MemoryReservation memory) => (Prepared, _ofPrepared) = (prepared, memory);

    public void DropPrepared()
    {
        Prepared = null;
        _ofPrepared?.Dispose();
        _ofPrepared = null;
    }

    public void Dispose()
    {
        DropPrepared();
        held.Dispose();
    }
}
