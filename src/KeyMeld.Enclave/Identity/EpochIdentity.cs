using KeyMeld.Secp256k1;

namespace KeyMeld.Enclave.Identity;

/// <summary>The enclave's identity of one key epoch. Lives as long as the process; its owner is the <see cref="Keyring"/>.</summary>
public sealed class EpochIdentity : IDisposable
{
    /// <param name="epoch">From 1.</param>
    /// <param name="identityKey">All HPKE to the enclave goes to it. Owned from here on.</param>
    /// <param name="statementKey">Derived from it (protocol.md section 10); signs what the enclave says. Owned from here on.</param>
    public EpochIdentity(int epoch, SecretKey identityKey, SecretKey statementKey)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(epoch, 1);
        (Epoch, IdentityKey, StatementKey) = (epoch, identityKey, statementKey);
        (Key, Sign) = (identityKey.PublicKey, statementKey.XOnlyPublicKey);
    }

    public int Epoch { get; }

    public SecretKey IdentityKey { get; }

    public SecretKey StatementKey { get; }

    public PublicKey Key { get; }

    public XOnlyPublicKey Sign { get; }

    public void Dispose()
    {
        IdentityKey.Dispose();
        StatementKey.Dispose();
    }
}
