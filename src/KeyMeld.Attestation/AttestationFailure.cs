namespace KeyMeld.Attestation;

/// <summary>
/// Why an attestation document is refused: one value per check, in the order the checks run. The names are stable and may be shown, logged and compared.
/// </summary>
public enum AttestationFailure
{
    /// <summary>The document is empty or larger than <see cref="AttestationDocument.MaxSize"/>.</summary>
    Size,

    /// <summary>The bytes are not the CBOR they have to be: broken or trailing bytes, a duplicate key, too deep, another type than the field's.</summary>
    Encoding,

    /// <summary>The protected header is not exactly {1: -35} (ES384).</summary>
    Algorithm,

    /// <summary>A field is missing or its value is outside what the AWS attestation process allows.</summary>
    Field,

    /// <summary>Another product of the same signer (NitroTPM), or a module id that is not an enclave's.</summary>
    Product,

    /// <summary>The first certificate of the bundle is not the pinned root.</summary>
    Root,

    /// <summary>A certificate is not exactly one well-formed DER certificate.</summary>
    Certificate,

    /// <summary>A certificate has another key or signature algorithm than P-384 with SHA-384.</summary>
    CertificateAlgorithm,

    /// <summary>Basic constraints, path length or key usage of a certificate do not fit its place in the chain.</summary>
    CertificateConstraints,

    /// <summary>A certificate of the chain is not yet, or no longer, valid at the time of verification.</summary>
    CertificateTime,

    /// <summary>The certificates do not form a chain from the leaf to the pinned root.</summary>
    Chain,

    /// <summary>The signature over the document is not the leaf certificate's.</summary>
    Signature,

    /// <summary>PCR0, PCR1 or PCR2 is all zero: the enclave runs in debug mode, its memory is readable.</summary>
    DebugMode,

    /// <summary>The nonce is not the expected one.</summary>
    Nonce,

    /// <summary>The user data is not what is expected.</summary>
    UserData,

    /// <summary>A public key is there and must not be, is missing and must be there, or is another one.</summary>
    PublicKey,

    /// <summary>The document is older than five minutes.</summary>
    Stale,

    /// <summary>The document's time is more than five minutes ahead of the verifier's clock.</summary>
    FromTheFuture,

    /// <summary>{PCR0, PCR1, PCR2, KMS key ARN} is none of the releases the policy names.</summary>
    Release,
}
