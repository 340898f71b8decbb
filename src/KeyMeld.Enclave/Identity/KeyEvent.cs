using System.Collections.Immutable;
using KeyMeld.Secp256k1;

namespace KeyMeld.Enclave.Identity;

/// <summary>What can happen to a <see cref="KeyState"/>. The cases below are the whole set.</summary>
public abstract record KeyEvent
{
    private KeyEvent()
    {
    }

    /// <summary>A Configure or Genesis arrived that says who this enclave is.</summary>
    public sealed record Numbered(uint EnclaveId) : KeyEvent;

    /// <summary>The sealed keys could not be opened, or there are none.</summary>
    public sealed record Refused(LockReason Reason) : KeyEvent;

    /// <summary>Every row that Configure brought is open now, beside those that were open before.</summary>
    public sealed record Opened(ImmutableSortedDictionary<int, PublicKey> Keys) : KeyEvent;

    /// <summary>Somebody with the right to asks for a new key.</summary>
    public sealed record GenesisAsked(int Epoch) : KeyEvent;

    /// <summary>It was made, sealed and tried.</summary>
    public sealed record GenesisDone(SealedRecord Record) : KeyEvent;
}

/// <summary>What comes of an event: the next state, or a refusal that leaves the state as it is.</summary>
public abstract record KeyOutcome
{
    private KeyOutcome()
    {
    }

    public sealed record Next(KeyState State) : KeyOutcome;

    public sealed record Rejected(string Code, string Detail) : KeyOutcome;
}
