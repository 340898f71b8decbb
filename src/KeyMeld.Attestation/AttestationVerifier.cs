using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace KeyMeld.Attestation;

/// <summary>
/// Verifies attestation documents against one pinned root, cheapest check first: size, CBOR and field rules, certificate chain, signature, contents
/// (attestation_process.md section 3.2, and kms:RecipientAttestation's freshness). Nothing can be left out. Thread-safe.
/// </summary>
public sealed class AttestationVerifier
{
    private readonly AttestationRoot _root;
    private readonly TimeProvider _clock;

    /// <summary>Creates a verifier.</summary>
    /// <param name="root">Where every chain has to end.</param>
    /// <param name="clock">Tells the time certificates have to be valid at and documents have to be fresh at.</param>
    public AttestationVerifier(AttestationRoot root, TimeProvider clock) => (_root, _clock) = (root, clock);

    /// <summary>How far a document's time may be from the verifier's clock, either way.</summary>
    public static TimeSpan MaxClockDifference { get; } = TimeSpan.FromMinutes(5);

    /// <summary>Verifies a document that was just made.</summary>
    /// <param name="document">The bytes, up to <see cref="AttestationDocument.MaxSize"/>.</param>
    /// <param name="expectations">What nonce, user data and public key have to be.</param>
    /// <returns>What the document attests.</returns>
    /// <exception cref="AttestationException">The first check that failed.</exception>
    public VerifiedAttestation Verify(ReadOnlySpan<byte> document, AttestationExpectations expectations) => Verify(document, expectations, _clock.GetUtcNow());

    /// <summary>
    /// Verifies a kept document as it would have been at a given time, with every check; a document says nothing about an enclave of today after that. For
    /// archives and for tests with real documents.
    /// </summary>
    /// <param name="document">The bytes.</param>
    /// <param name="expectations">What nonce, user data and public key have to be.</param>
    /// <param name="at">The time to verify for; within five minutes of the document's own.</param>
    /// <returns>What the document attested.</returns>
    /// <exception cref="AttestationException">The first check that failed.</exception>
    public VerifiedAttestation VerifyArchived(ReadOnlySpan<byte> document, AttestationExpectations expectations, DateTimeOffset at) =>
        Verify(document, expectations, at);

    private VerifiedAttestation Verify(ReadOnlySpan<byte> bytes, AttestationExpectations expectations, DateTimeOffset at)
    {
        var document = AttestationDocument.Parse(bytes);
        using (var leaf = CertificatePath.Verify(document, _root, at))
        {
            RequireSignature(document, leaf);
        }
        RequireEnclave(document);
        RequireFields(document, expectations);
        RequireFresh(document, at);
        return new VerifiedAttestation(document, at);
    }

    private static void RequireSignature(AttestationDocument document, X509Certificate2 leaf)
    {
        try
        {
            using var key = leaf.GetECDsaPublicKey();
            if (key is not null && document.Envelope.IsSignedBy(key))
            {
                return;
            }
        }
        catch (CryptographicException error)
        {
            throw new AttestationException(AttestationFailure.Signature, "The leaf certificate's key cannot be used.", error);
        }
        throw new AttestationException(AttestationFailure.Signature, "The attestation document's signature is not its signer's.");
    }

    private static void RequireEnclave(AttestationDocument document)
    {
        if (!ModuleId.IsEnclave(document.ModuleId, out _))
        {
            throw new AttestationException(AttestationFailure.Product, "The document's module is not a Nitro enclave.");
        }
        if (document.Pcrs.IsZero(0) || document.Pcrs.IsZero(1) || document.Pcrs.IsZero(2))
        {
            throw new AttestationException(AttestationFailure.DebugMode, "PCR0, PCR1 or PCR2 is zero: the enclave runs in debug mode, its memory can be read.");
        }
    }

    private static void RequireFields(AttestationDocument document, AttestationExpectations expectations)
    {
        if (!expectations.Nonce.IsMetBy(document.Nonce))
        {
            throw new AttestationException(AttestationFailure.Nonce, "The document was not made for this request: its nonce is another.");
        }
        if (!expectations.UserData.IsMetBy(document.UserData))
        {
            throw new AttestationException(AttestationFailure.UserData, "The document attests something else: its user data are others.");
        }
        if (!expectations.PublicKey.IsMetBy(document.PublicKey))
        {
            throw new AttestationException(AttestationFailure.PublicKey, "The document's public key is missing, another, or there where none belongs.");
        }
    }

    private static void RequireFresh(AttestationDocument document, DateTimeOffset at)
    {
        if (at - document.Timestamp > MaxClockDifference)
        {
            throw new AttestationException(AttestationFailure.Stale, $"The document is of {document.Timestamp:u}, more than five minutes before {at:u}.");
        }
        if (document.Timestamp - at > MaxClockDifference)
        {
            throw new AttestationException(AttestationFailure.FromTheFuture,
                $"The document is of {document.Timestamp:u}, more than five minutes after {at:u}; check the clock.");
        }
    }
}
