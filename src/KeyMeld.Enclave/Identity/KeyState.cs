using System.Collections.Immutable;
using KeyMeld.Secp256k1;

namespace KeyMeld.Enclave.Identity;

/// <summary>What this boot has of its identity. The cases below are the whole set; they hold public data only.</summary>
public abstract record KeyState
{
    private KeyState()
    {
    }

    /// <summary>No Configure yet: the enclave has no number.</summary>
    public sealed record Unconfigured : KeyState;

    /// <summary>Nothing is signed or opened; the next Configure may change that.</summary>
    public sealed record Locked(uint EnclaveId, LockReason Reason) : KeyState;

    /// <summary>A new key is made and sealed. It is not used or announced before Configure brings this very record back.</summary>
    /// <param name="Record">What was handed out.</param>
    /// <param name="Before">Locked for the first epoch, ready for a further one: what goes on meanwhile.</param>
    public sealed record Pending(SealedRecord Record, KeyState Before) : KeyState;

    /// <summary>The keys of every epoch are in the keyring.</summary>
    public sealed record Ready(uint EnclaveId, ImmutableSortedDictionary<int, PublicKey> Keys) : KeyState;
}

/// <summary>Why an enclave is locked: a code of the error table, a sentence for an operator, the code AWS gave.</summary>
public sealed record LockReason(string Code, string Detail, string? AwsCode = null);
