using System.Security.Cryptography;
using KeyMeld.Attestation;
using KeyMeld.DevKit.Kms.Wire;

namespace KeyMeld.DevKit.Kms.Recipients;

/// <summary>
/// Verifies the attestation document of a `Recipient` before any policy is asked: chain to the root, signature, at most five minutes old, an RSA public key.
/// UNVERIFIED against AWS: which error KMS gives for a document that is malformed, forged or stale is not documented and was not found (kms-nitro.md section
/// 19); here it is a ValidationException. A document of a debug-mode enclave, which KMS takes and policies then turn away, is refused likewise.
/// </summary>
internal sealed class RecipientVerifier(AttestationRoot? root, TimeProvider time)
{
    private const int MinKeyBits = 2048;
    private readonly AttestationVerifier? _verifier = root is null ? null : new(root, time);

    public VerifiedRecipient Verify(byte[] document)
    {
        if (_verifier is null)
            throw KmsFault.Validation("This emulator was started without a root of trust for attestation documents.");
        try
        {
            var attestation = _verifier.Verify(document, AttestationExpectations.KmsRecipient);
            var publicKey = attestation.PublicKey!.Value.ToArray();
            DemandRsa(publicKey);
            return new(attestation.ModuleId, publicKey, attestation.Pcrs.Indexes.ToDictionary(index => index, index => attestation.Pcrs[index]));
        }
        catch (AttestationException exception)
        {
            throw KmsFault.Validation($"The attestation document is not valid ({exception.Failure}): {exception.Message}");
        }
    }

    private static void DemandRsa(byte[] subjectPublicKeyInfo)
    {
        try
        {
            using var rsa = RSA.Create();
            rsa.ImportSubjectPublicKeyInfo(subjectPublicKeyInfo, out var length);
            if (length == subjectPublicKeyInfo.Length && rsa.KeySize >= MinKeyBits)
                return;
        }
        catch (CryptographicException)
        {
        }
        throw KmsFault.Validation($"The attestation document's public key is not an RSA key of at least {MinKeyBits} bits as DER SubjectPublicKeyInfo.");
    }
}
