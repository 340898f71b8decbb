// Error codes of AWS KMS: API reference "Common Errors" and the operations' own lists.
using KeyMeld.Protocol.Errors;

namespace KeyMeld.Enclave.Sealing.Kms;

internal static class KmsFailures
{
    /// <summary>Sorts an error answer.</summary>
    /// <param name="awsCode">Its code; null when it carried none.</param>
    /// <param name="status">HTTP status.</param>
    /// <param name="attested">Whether the call carried an attestation document, which is then what KMS most likely found invalid.</param>
    public static KmsFailure Sort(string? awsCode, int status, bool attested) => awsCode switch
    {
        "AccessDeniedException" or "AccessDenied" => KmsFailure.AccessDenied,
        "DisabledException" or "KMSInvalidStateException" => KmsFailure.KeyDisabled,
        "NotFoundException" or "InvalidKeyUsageException" or "InvalidArnException" => KmsFailure.KeyNotFound,
        "InvalidCiphertextException" or "IncorrectKeyException" => KmsFailure.CiphertextInvalid,
        "ThrottlingException" or "Throttling" or "TooManyRequestsException" or "RequestLimitExceeded" or "LimitExceededException" => KmsFailure.Throttled,
        "ExpiredTokenException" or "ExpiredToken" => KmsFailure.CredentialsExpired,
        "UnrecognizedClientException" or "InvalidClientTokenId" or "InvalidSignatureException" or "SignatureDoesNotMatch" or "IncompleteSignature"
            or "IncompleteSignatureException" or "MissingAuthenticationToken" or "MissingAuthenticationTokenException" or "RequestExpired"
            or "NotAuthorized" or "OptInRequired" => KmsFailure.CredentialsInvalid,
        "DryRunOperationException" => KmsFailure.DryRunSucceeded,
        "KMSInternalException" or "DependencyTimeoutException" or "KeyUnavailableException" or "InternalFailure" or "ServiceUnavailable" => KmsFailure.Unreachable,
        "ValidationException" or "ValidationError" when attested => KmsFailure.AttestationRejected,
        _ when status >= 500 => KmsFailure.Unreachable,
        _ when status == 429 => KmsFailure.Throttled,
        _ => KmsFailure.ResponseInvalid,
    };

    public static bool IsRetryable(KmsFailure failure) => failure is KmsFailure.Throttled or KmsFailure.Unreachable;

    /// <summary>What an operator is told.</summary>
    public static KeyMeldException ToFault(KmsException exception, string keyId)
    {
        var (code, detail) = exception.Failure switch
        {
            KmsFailure.AccessDenied => (ErrorCodes.KmsAccessDenied, $"KMS denied the use of {keyId}: its policy does not allow these credentials with this enclave's PCRs."),
            KmsFailure.AttestationRejected => (ErrorCodes.KmsAttestationRejected, "KMS did not accept this enclave's attestation document."),
            KmsFailure.KeyDisabled => (ErrorCodes.KmsKeyDisabled, $"The KMS key {keyId} is disabled or awaits deletion."),
            KmsFailure.KeyNotFound => (ErrorCodes.KmsKeyNotFound, $"KMS knows no usable key {keyId}."),
            KmsFailure.CiphertextInvalid => (ErrorCodes.SealedKeyCorrupt, "KMS cannot open the sealed data key: it is damaged, another enclave's, or of another KMS key."),
            KmsFailure.Throttled => (ErrorCodes.KmsThrottled, "KMS is throttling requests."),
            KmsFailure.Unreachable => (ErrorCodes.KmsUnreachable, "KMS does not answer, or answers with a fault of its own."),
            KmsFailure.CredentialsExpired => (ErrorCodes.KmsCredentialsInvalid, "The AWS credentials have expired; the gateway must push new ones."),
            KmsFailure.CredentialsInvalid => (ErrorCodes.KmsCredentialsInvalid, "AWS does not accept the credentials the gateway pushed."),
            KmsFailure.DryRunSucceeded => (ErrorCodes.KmsPolicyOpen, $"The policy of {keyId} lets these credentials use it without attestation."),
            _ => (ErrorCodes.KmsResponseInvalid, "KMS's answer is not one to this request."),
        };
        return new KeyMeldException(code, detail, exception) { AwsCode = exception.AwsCode };
    }
}
