namespace KeyMeld.Images;

/// <summary>An enclave image, or something it should be built of, was refused. Nothing was written.</summary>
public sealed class ImageException : Exception
{
    /// <summary>Creates a refusal.</summary>
    /// <param name="message">What is wrong, in one sentence.</param>
    /// <param name="inner">The parser's own complaint, where there is one.</param>
    public ImageException(string message, Exception? inner = null)
        : base(message, inner)
    {
    }
}
