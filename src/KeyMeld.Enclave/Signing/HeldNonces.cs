using KeyMeld.Enclave.Identity;
using KeyMeld.Secp256k1;

namespace KeyMeld.Enclave.Signing;

/// <summary>The secret nonces of one attempt, in the order of this node's pairs. They leave together and once: to sign, or to be wiped.</summary>
internal sealed class HeldNonces : IDisposable
{
    private readonly EnclaveCounters _counters;
    private SecretNonce[]? _nonces;

    public HeldNonces(SecretNonce[] nonces, EnclaveCounters counters)
    {
        (_nonces, _counters) = (nonces, counters);
        Public = Array.ConvertAll(nonces, nonce => nonce.PublicNonce);
        counters.NoncesIssued(nonces.Length);
    }

    /// <summary>What the other signers see of them.</summary>
    public IReadOnlyList<PublicNonce> Public { get; }

    /// <summary>Takes all of them out. The caller signs with each or disposes it.</summary>
    /// <exception cref="SecretNonceUsedException">They are gone.</exception>
    public SecretNonce[] Take() => Interlocked.Exchange(ref _nonces, null) ?? throw new SecretNonceUsedException();

    /// <summary>Wipes those that were not taken.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _nonces, null) is { } nonces)
        {
            Wipe(nonces);
            _counters.NoncesBurnt(nonces.Length);
        }
    }

    /// <summary>Wipes what a caller holds of nonces that never got here, or were taken.</summary>
    public static void Wipe(IEnumerable<SecretNonce?> nonces)
    {
        foreach (var nonce in nonces)
        {
            nonce?.Dispose();
        }
    }
}
