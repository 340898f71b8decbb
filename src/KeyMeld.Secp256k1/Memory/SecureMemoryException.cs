namespace KeyMeld.Secp256k1;

/// <summary>Memory that is safe for secrets (locked, not dumped, wiped on fork) could not be had. The message names the call and the limit to raise.</summary>
public sealed class SecureMemoryException : Exception
{
    /// <summary>Creates the exception.</summary>
    public SecureMemoryException(string message)
        : base(message)
    {
    }
}
