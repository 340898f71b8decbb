namespace KeyMeld.Attestation;

/// <summary>What a document attests, after every check of <see cref="AttestationVerifier"/>; only that makes one.</summary>
public sealed class VerifiedAttestation
{
    internal VerifiedAttestation(AttestationDocument document, DateTimeOffset verifiedAt)
    {
        (ModuleId, Timestamp, Pcrs) = (document.ModuleId, document.Timestamp, document.Pcrs);
        (PublicKey, UserData, Nonce) = (document.PublicKey, document.UserData, document.Nonce);
        VerifiedAt = verifiedAt;
    }

    /// <summary>The enclave's name, <c>i-…-enc…</c>.</summary>
    public string ModuleId { get; }

    /// <summary>When the hypervisor made the document.</summary>
    public DateTimeOffset Timestamp { get; }

    /// <summary>The measurements; PCR0, PCR1 and PCR2 are not zero.</summary>
    public Pcrs Pcrs { get; }

    /// <summary>The attested public key, or null.</summary>
    public ReadOnlyMemory<byte>? PublicKey { get; }

    /// <summary>The attested user data, or null.</summary>
    public ReadOnlyMemory<byte>? UserData { get; }

    /// <summary>The nonce, or null.</summary>
    public ReadOnlyMemory<byte>? Nonce { get; }

    /// <summary>The time the document was verified for: the verifier's now, or the time an archived one was asked about.</summary>
    public DateTimeOffset VerifiedAt { get; }
}
