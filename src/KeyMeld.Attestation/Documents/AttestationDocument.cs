using System.Formats.Cbor;

namespace KeyMeld.Attestation;

/// <summary>
/// An attestation document of the Nitro Secure Module as it was received: parsed, every field within its rule, <b>nothing verified</b>. Only
/// <see cref="AttestationVerifier"/> makes something to rely on of it. Format: aws-nitro-enclaves-nsm-api, docs/attestation_process.md, sections 2 and 3.2.2.
/// </summary>
public sealed class AttestationDocument
{
    /// <summary>The largest document accepted, in bytes. Real ones have 4.4 to 5.3 KB.</summary>
    public const int MaxSize = 16 * 1024;

    internal AttestationDocument(CoseSign1 envelope) => Envelope = envelope;

    /// <summary>The signing module's name; of an enclave <c>i-…-enc…</c>.</summary>
    public required string ModuleId { get; init; }

    /// <summary>When the hypervisor made the document, to the millisecond.</summary>
    public required DateTimeOffset Timestamp { get; init; }

    /// <summary>The registers.</summary>
    public required Pcrs Pcrs { get; init; }

    /// <summary>DER of the leaf certificate, 1 to 1024 bytes.</summary>
    public required ReadOnlyMemory<byte> Certificate { get; init; }

    /// <summary>DER of the issuing certificates, root first.</summary>
    public required IReadOnlyList<ReadOnlyMemory<byte>> CaBundle { get; init; }

    /// <summary>A public key the enclave asked to have attested (KMS: DER of an RSA SubjectPublicKeyInfo), 1 to 1024 bytes, or null.</summary>
    public required ReadOnlyMemory<byte>? PublicKey { get; init; }

    /// <summary>What the enclave asked to have attested, 0 to 1024 bytes, or null.</summary>
    public required ReadOnlyMemory<byte>? UserData { get; init; }

    /// <summary>The nonce the enclave passed on, 0 to 1024 bytes, or null.</summary>
    public required ReadOnlyMemory<byte>? Nonce { get; init; }

    internal CoseSign1 Envelope { get; }

    /// <summary>Parses a document: size, COSE_Sign1 (untagged or tag 18), protected header, payload and field rules. It verifies nothing.</summary>
    /// <param name="document">The bytes as the device or KMS client passed them on.</param>
    /// <returns>The parsed document; it keeps its own copy of the bytes.</returns>
    /// <exception cref="AttestationException">
    /// With <see cref="AttestationFailure.Size"/>, <see cref="AttestationFailure.Encoding"/>, <see cref="AttestationFailure.Algorithm"/>,
    /// <see cref="AttestationFailure.Field"/> or <see cref="AttestationFailure.Product"/>.
    /// </exception>
    public static AttestationDocument Parse(ReadOnlySpan<byte> document)
    {
        if (document.IsEmpty || document.Length > MaxSize)
        {
            throw new AttestationException(AttestationFailure.Size, $"An attestation document has 1 to {MaxSize} bytes; this one has {document.Length}.");
        }
        try
        {
            return PayloadReader.Read(CoseSign1.Parse(document.ToArray()));
        }
        // CborReader's own: CborContentException for broken data, the others where an item has another type or does not fit.
        catch (Exception error) when (error is CborContentException or InvalidOperationException or OverflowException)
        {
            throw new AttestationException(AttestationFailure.Encoding, $"The attestation document is not well-formed: {error.Message}", error);
        }
    }
}
