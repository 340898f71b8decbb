namespace KeyMeld.Attestation;

/// <summary>A release manifest, its signature or a releaser's key was refused. Nothing it says may be trusted.</summary>
public sealed class ReleaseException : Exception
{
    /// <summary>Creates a refusal.</summary>
    /// <param name="message">What is wrong with it, in one sentence.</param>
    /// <param name="inner">The parser's own complaint, where there is one.</param>
    public ReleaseException(string message, Exception? inner = null)
        : base(message, inner)
    {
    }
}
