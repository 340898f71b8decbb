using KeyMeld.Enclave.Groups;
using KeyMeld.Enclave.Identity;
using KeyMeld.Protocol.Ids;
using KeyMeld.Protocol.Statements;
using KeyMeld.Secp256k1;

namespace KeyMeld.Enclave.Keys;

/// <summary>A single-signer key in memory, its statement verified and its envelope opened. Wiped when the last holder lets go of it.</summary>
internal sealed class OwnedKey(Signed<KeyStatement> statement, EpochIdentity identity, SecretKey secret, Hash32 wire) : IDisposable
{
    private MemoryReservation? _reservation;
    private int _holders = 1;

    /// <summary>SHA-256 of the key statement.</summary>
    public Hash32 Hash => statement.Hash;

    /// <summary>SHA-256 of the sealed key it was opened from.</summary>
    public Hash32 Wire => wire;

    public KeyStatement Statement => statement.Value;

    /// <summary>This enclave's identity of the epoch the statement names.</summary>
    public EpochIdentity Identity => identity;

    public SecretKey Secret => secret;

    /// <summary>Hands over the memory taken for it; given back when it is wiped.</summary>
    public void Charge(MemoryReservation reservation) => _reservation = reservation;

    public void Retain() => Interlocked.Increment(ref _holders);

    /// <summary>Lets go of it, once for each <see cref="Retain"/> and once for its maker.</summary>
    public void Dispose()
    {
        if (Interlocked.Decrement(ref _holders) == 0)
        {
            secret.Dispose();
            _reservation?.Dispose();
        }
    }
}
