namespace KeyMeld.Attestation;

/// <summary>What a verifier expects of the three fields an enclave fills itself. Each has to be said: there is no default that accepts.</summary>
public sealed record AttestationExpectations
{
    /// <summary>What the nonce has to be.</summary>
    public required FieldExpectation Nonce { get; init; }

    /// <summary>What the user data have to be.</summary>
    public required FieldExpectation UserData { get; init; }

    /// <summary>What the public key has to be.</summary>
    public required FieldExpectation PublicKey { get; init; }

    /// <summary>
    /// A document that attests an enclave's identity to a caller: the caller's nonce, the identity's digest, and no public key (which is the mark of those made
    /// for KMS).
    /// </summary>
    /// <param name="nonce">The caller's random bytes.</param>
    /// <param name="userData">The digest of the identity.</param>
    public static AttestationExpectations Identity(ReadOnlySpan<byte> nonce, ReadOnlySpan<byte> userData) => new()
    {
        Nonce = FieldExpectation.EqualTo(nonce),
        UserData = FieldExpectation.EqualTo(userData),
        PublicKey = FieldExpectation.Absent,
    };

    /// <summary>A document as KMS takes it as <c>Recipient</c>: any nonce and user data, and a public key to encrypt to.</summary>
    public static AttestationExpectations KmsRecipient { get; } = new()
    {
        Nonce = FieldExpectation.Any,
        UserData = FieldExpectation.Any,
        PublicKey = FieldExpectation.Present,
    };
}
