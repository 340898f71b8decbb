using System.Security.Cryptography.X509Certificates;
using KeyMeld.DevKit.Kms.Wire;

namespace KeyMeld.DevKit.Kms.Recipients;

/// <summary>Verifies the attestation document of a `Recipient` as KMS does before any policy is asked.</summary>
internal sealed class RecipientVerifier(X509Certificate2? root, TimeProvider time)
{
    public VerifiedRecipient Verify(byte[] document)
    {
        _ = (root, time, document);
        throw KmsFault.Validation("Attestation is not available yet.");
    }
}
