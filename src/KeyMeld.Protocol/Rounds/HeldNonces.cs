using KeyMeld.Secp256k1;

namespace KeyMeld.Protocol.Rounds;

/// <summary>The secret nonces of one attempt, in the order of the node's pairs. They leave together and once: to sign, or to be wiped.</summary>
public sealed class HeldNonces : IDisposable
{
    private readonly Action<int>? _burnt;
    private SecretNonce[]? _nonces;

    /// <summary>Takes them over.</summary>
    /// <param name="nonces">One for each of the node's pairs, as <see cref="NodeSigner.DrawAsync"/> drew them.</param>
    /// <param name="burnt">Told how many were wiped without having been taken.</param>
    public HeldNonces(SecretNonce[] nonces, Action<int>? burnt = null)
    {
        (_nonces, _burnt) = (nonces, burnt);
        Public = Array.ConvertAll(nonces, nonce => nonce.PublicNonce);
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
            Array.ForEach(nonces, nonce => nonce.Dispose());
            _burnt?.Invoke(nonces.Length);
        }
    }
}
