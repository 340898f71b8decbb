namespace KeyMeld.Protocol.Errors;

/// <summary>A refusal with a stable code. The message is one sentence for whoever has to act on it and holds no secret.</summary>
public sealed class KeyMeldException : Exception
{
    /// <summary>Creates a refusal.</summary>
    /// <param name="code">One of <see cref="ErrorCodes"/>.</param>
    /// <param name="message">What is wrong and, where it is not obvious, what to do.</param>
    /// <param name="inner">The cause, for logs on the machine where it happened; it never crosses a boundary.</param>
    public KeyMeldException(string code, string message, Exception? inner = null)
        : base(message, inner) => Code = ErrorCodes.IsKnown(code) ? code : throw new ArgumentException($"'{code}' is not in the table of codes.", nameof(code));

    /// <summary>The stable code, from <see cref="ErrorCodes"/>.</summary>
    public string Code { get; }

    /// <summary>The error code AWS answered, where the refusal comes from KMS.</summary>
    public string? AwsCode { get; init; }
}
