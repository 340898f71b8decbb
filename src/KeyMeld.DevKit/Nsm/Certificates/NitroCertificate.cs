using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace KeyMeld.DevKit.Nsm.Certificates;

/// <summary>
/// A certificate of the simulated hierarchy with its key, in the form the real one has (lifetimes, path lengths, key usage as seen in real documents).
/// </summary>
internal sealed class NitroCertificate : IDisposable
{
    private NitroCertificate(X509Certificate2 certificate, ECDsa key) => (Certificate, Key) = (certificate, key);

    public static X509KeyUsageExtension AuthorityUsage { get; } =
        new(X509KeyUsageFlags.DigitalSignature | X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, critical: true);

    public X509Certificate2 Certificate { get; }

    public ECDsa Key { get; }

    public static NitroCertificate Authority(string subject, int pathLength, TimeSpan lifetime, X509Certificate2 issuer, ECDsa issuerKey, DateTimeOffset now) =>
        Issue(subject, lifetime, issuer, issuerKey, now, new X509BasicConstraintsExtension(true, true, pathLength, critical: true), AuthorityUsage);

    public static NitroCertificate Leaf(string subject, TimeSpan lifetime, X509Certificate2 issuer, ECDsa issuerKey, DateTimeOffset now) =>
        Issue(subject, lifetime, issuer, issuerKey, now, new X509BasicConstraintsExtension(false, false, 0, critical: true),
            new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature | X509KeyUsageFlags.NonRepudiation, critical: false));

    public static CertificateRequest Request(string subject, ECDsa key) => new(subject, key, HashAlgorithmName.SHA384);

    /// <summary>Sixteen bytes that differ for each key, positive in DER.</summary>
    public static byte[] Serial(ECDsa key)
    {
        var serial = SHA256.HashData(key.ExportSubjectPublicKeyInfo())[..16];
        serial[0] &= 0x7f;
        serial[0] |= 0x40;
        return serial;
    }

    /// <summary>Whether it can sign now and will for a while.</summary>
    public bool IsUsable(DateTimeOffset now, TimeSpan margin) =>
        now >= Certificate.NotBefore.ToUniversalTime() && now + margin <= Certificate.NotAfter.ToUniversalTime();

    public void Dispose()
    {
        Certificate.Dispose();
        Key.Dispose();
    }

    private static NitroCertificate Issue(
        string subject, TimeSpan lifetime, X509Certificate2 issuer, ECDsa issuerKey, DateTimeOffset now,
        X509BasicConstraintsExtension constraints, X509KeyUsageExtension usage)
    {
        var key = ECDsa.Create(ECCurve.NamedCurves.nistP384);
        var request = Request(subject, key);
        request.CertificateExtensions.Add(constraints);
        request.CertificateExtensions.Add(usage);
        // Certificates count in seconds; a real leaf begins three seconds before its first document.
        var certificate = request.Create(
            issuer.SubjectName, X509SignatureGenerator.CreateForECDsa(issuerKey), now - TimeSpan.FromSeconds(3), now + lifetime, Serial(key));
        return new NitroCertificate(certificate, key);
    }
}
