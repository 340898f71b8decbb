namespace KeyMeld.DevKit.Kms.Wire;

/// <summary>
/// An error answer of AWS KMS: `{"__type": code, "message" | "Message": text}`. Codes, texts and which of the two members carries the text follow
/// recorded answers (kms-nitro.md section 8); a text of null gives a body with the code alone, as AWS does for InvalidCiphertextException.
/// </summary>
internal sealed class KmsFault : Exception
{
    private KmsFault(string code, string? text, string member = "message", int status = 400)
        : base(text ?? code) => (Code, Text, Member, Status) = (code, text, member, status);

    public string Code { get; }

    public string? Text { get; }

    public string Member { get; }

    public int Status { get; }

    internal static KmsFault UnknownOperation() => new("UnknownOperationException", null);

    internal static KmsFault Serialization(string text) => new("SerializationException", text, "Message");

    internal static KmsFault Validation(string text) => new("ValidationException", text, "Message");

    internal static KmsFault InvalidCiphertext() => new("InvalidCiphertextException", null);

    internal static KmsFault IncorrectKey() =>
        new("IncorrectKeyException", "The key ID in the request does not identify a CMK that can perform this operation.");

    internal static KmsFault NotFound(string text) => new("NotFoundException", text);

    internal static KmsFault InvalidState(string text) => new("KMSInvalidStateException", text);

    internal static KmsFault Disabled(string arn) => new("DisabledException", $"{arn} is disabled.");

    internal static KmsFault WrongUsage(string arn, string operation) =>
        new("InvalidKeyUsageException", $"{arn} key usage is ENCRYPT_DECRYPT which is not valid for {operation}.");

    internal static KmsFault WrongAlgorithm(string algorithm) =>
        new("InvalidKeyUsageException", $"Algorithm {algorithm} is incompatible with key spec SYMMETRIC_DEFAULT.");

    internal static KmsFault DryRun() => new("DryRunOperationException", "The request would have succeeded, but the DryRun option is set.");

    internal static KmsFault AccessDenied(string text) => new("AccessDeniedException", text, "Message");

    internal static KmsFault AlreadyExists(string text) => new("AlreadyExistsException", text);

    internal static KmsFault InvalidAliasName(string text) => new("InvalidAliasNameException", text);

    internal static KmsFault InvalidMarker() => new("InvalidMarkerException", "Invalid marker.");

    internal static KmsFault LimitExceeded(string text) => new("LimitExceededException", text);

    internal static KmsFault MalformedPolicy(string text) => new("MalformedPolicyDocumentException", text);

    internal static KmsFault Tag(string text) => new("TagException", text);

    internal static KmsFault Unsupported(string text) => new("UnsupportedOperationException", text);

    internal static KmsFault Internal() => new("KMSInternalException", "The request was rejected because an internal exception occurred.", status: 500);

    /// <summary>
    /// The errors every AWS service has in common (credentials and signature). The documentation lists IncompleteSignature and MissingAuthenticationToken;
    /// JSON services have been seen to answer them with the suffix Exception, as they do all others.
    /// </summary>
    internal static KmsFault Common(string code, string text) => new(code, text);
}
