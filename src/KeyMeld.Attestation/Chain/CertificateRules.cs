using System.Security.Cryptography.X509Certificates;

namespace KeyMeld.Attestation;

/// <summary>
/// What a certificate at its place in a Nitro chain has to say of itself (attestation_process.md section 3.2.3), checked here and not left to the platform's
/// defaults.
/// </summary>
internal static class CertificateRules
{
    private const string EcPublicKey = "1.2.840.10045.2.1";
    private const string EcdsaWithSha384 = "1.2.840.10045.4.3.3";
    private static ReadOnlySpan<byte> NamedCurveP384 => [0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x22];

    public static void RequireP384(X509Certificate2 certificate, string place)
    {
        if (certificate.PublicKey.Oid.Value != EcPublicKey || !(certificate.PublicKey.EncodedParameters?.RawData).AsSpan().SequenceEqual(NamedCurveP384))
        {
            throw new AttestationException(AttestationFailure.CertificateAlgorithm, $"The {place} certificate's key is not a P-384 key.");
        }
        if (certificate.SignatureAlgorithm.Value != EcdsaWithSha384)
        {
            throw new AttestationException(AttestationFailure.CertificateAlgorithm, $"The {place} certificate is not signed with ECDSA and SHA-384.");
        }
    }

    public static void RequireAuthority(X509Certificate2 certificate, int authoritiesBelow, bool isRoot = false)
    {
        var constraints = Only<X509BasicConstraintsExtension>(certificate);
        if (!constraints.Critical || !constraints.CertificateAuthority)
        {
            throw Refused("An issuing certificate is not marked as an authority.");
        }
        if (constraints.HasPathLengthConstraint ? constraints.PathLengthConstraint < authoritiesBelow : !isRoot)
        {
            throw Refused("An issuing certificate's path length is missing or too short for its place.");
        }
        var usage = Only<X509KeyUsageExtension>(certificate);
        if (!usage.Critical || !usage.KeyUsages.HasFlag(X509KeyUsageFlags.KeyCertSign))
        {
            throw Refused("An issuing certificate's key may not sign certificates.");
        }
    }

    public static void RequireLeaf(X509Certificate2 certificate)
    {
        var constraints = Only<X509BasicConstraintsExtension>(certificate);
        if (!constraints.Critical || constraints.CertificateAuthority)
        {
            throw Refused("The leaf certificate is an authority, or does not say that it is none.");
        }
        var usage = Only<X509KeyUsageExtension>(certificate);
        // Real leaves do not mark it critical.
        if (!usage.KeyUsages.HasFlag(X509KeyUsageFlags.DigitalSignature) || usage.KeyUsages.HasFlag(X509KeyUsageFlags.KeyCertSign))
        {
            throw Refused("The leaf certificate's key is not one for signing documents only.");
        }
    }

    private static T Only<T>(X509Certificate2 certificate)
        where T : X509Extension =>
        certificate.Extensions.OfType<T>().ToArray() is [var extension]
            ? extension
            : throw Refused("A certificate does not have basic constraints and key usage exactly once.");

    private static AttestationException Refused(string message) => new(AttestationFailure.CertificateConstraints, message);
}
