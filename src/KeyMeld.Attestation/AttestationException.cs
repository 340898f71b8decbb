namespace KeyMeld.Attestation;

/// <summary>An attestation document, or what it attests, was refused. Nothing it says may be used.</summary>
public sealed class AttestationException : Exception
{
    /// <summary>Creates a refusal.</summary>
    /// <param name="failure">The check that failed.</param>
    /// <param name="message">What is wrong with the document, in one sentence.</param>
    /// <param name="inner">The parser's or the platform's own complaint, where there is one.</param>
    public AttestationException(AttestationFailure failure, string message, Exception? inner = null)
        : base(message, inner) => Failure = failure;

    /// <summary>The check that failed.</summary>
    public AttestationFailure Failure { get; }
}
