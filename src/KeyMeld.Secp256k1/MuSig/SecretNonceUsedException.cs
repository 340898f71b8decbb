namespace KeyMeld.Secp256k1;

/// <summary>A secret nonce was used (or disposed) before. It never signs twice: two signatures with one nonce give the key away.</summary>
public sealed class SecretNonceUsedException : InvalidOperationException
{
    /// <summary>Creates the exception.</summary>
    public SecretNonceUsedException()
        : base("This secret nonce was used or disposed already. Start a new signing attempt with a new nonce.")
    {
    }
}
