using System.Diagnostics.CodeAnalysis;
using KeyMeld.Secp256k1;

namespace KeyMeld.Enclave.Identity;

/// <summary>Every epoch's identity of this enclave, ascending. Immutable: a further epoch makes a new keyring that shares the older identities.</summary>
public sealed class Keyring
{
    private readonly EpochIdentity[] _identities;

    public Keyring(uint enclaveId, IEnumerable<EpochIdentity> identities)
    {
        EnclaveId = enclaveId;
        _identities = [.. identities.OrderBy(identity => identity.Epoch)];
        if (_identities.Length == 0 || _identities.DistinctBy(identity => identity.Epoch).Count() != _identities.Length
            || _identities.DistinctBy(identity => identity.Key).Count() != _identities.Length)
        {
            throw new ArgumentException("A keyring holds at least one identity, each of its own epoch and key.", nameof(identities));
        }
    }

    public uint EnclaveId { get; }

    public IReadOnlyList<EpochIdentity> All => _identities;

    /// <summary>The identity new groups must use.</summary>
    public EpochIdentity Newest => _identities[^1];

    public bool TryFind(PublicKey key, [NotNullWhen(true)] out EpochIdentity? identity)
    {
        identity = Array.Find(_identities, candidate => candidate.Key.Equals(key));
        return identity is not null;
    }
}
