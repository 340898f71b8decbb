namespace KeyMeld.Enclave.Sealing.Kms;

/// <summary>A call to KMS that gave no answer, sorted by what can be done about it.</summary>
internal sealed class KmsException(KmsFailure failure, string? awsCode, Exception? inner = null) : Exception(awsCode ?? failure.ToString(), inner)
{
    public KmsFailure Failure => failure;

    /// <summary>The code AWS gave, where one came.</summary>
    public string? AwsCode => awsCode;
}

internal enum KmsFailure
{
    AccessDenied,
    AttestationRejected,
    KeyDisabled,
    KeyNotFound,
    CiphertextInvalid,
    Throttled,

    /// <summary>5xx, or no answer at all.</summary>
    Unreachable,
    CredentialsExpired,
    CredentialsInvalid,
    ResponseInvalid,

    /// <summary>Answer to a dry run: the call would have been done.</summary>
    DryRunSucceeded,
}
