using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using KeyMeld.DevKit.Nsm.Certificates;

namespace KeyMeld.DevKit.Kms.Tls;

/// <summary>TLS for the emulator, as AWS's endpoint has it: a server certificate for given names, from a certification authority of this machine's own.</summary>
/// <param name="Port">TCP port on 127.0.0.1; 0 takes a free one.</param>
/// <param name="Names">DNS names in the certificate.</param>
public sealed record KmsTls(int Port, params IReadOnlyList<string> Names)
{
    private const string Subject = "CN=development.kms, OU=Development, O=KeyMeld";
    private const string ServerAuthentication = "1.3.6.1.5.5.7.3.1";

    /// <summary>The authority's certificate in PEM: what the measured configuration of the enclaves names as `tls_roots`.</summary>
    public static string RootPath(string dataDirectory) => DevelopmentRoot.CertificatePath(Folder(dataDirectory));

    /// <summary>A new certificate for <see cref="Names"/> with its key; the authority is made where the folder has none.</summary>
    internal X509Certificate2 Certify(string dataDirectory, DateTimeOffset now)
    {
        using var root = DevelopmentRoot.OpenOrCreate(Folder(dataDirectory), now, Subject);
        return Issue(root, Names, now - TimeSpan.FromHours(1), now + TimeSpan.FromDays(365));
    }

    internal static X509Certificate2 Issue(DevelopmentRoot root, IReadOnlyList<string> names, DateTimeOffset from, DateTimeOffset until)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={names[0]}", key, HashAlgorithmName.SHA256);
        var alternatives = new SubjectAlternativeNameBuilder();
        foreach (var name in names)
        {
            alternatives.AddDnsName(name);
        }
        request.CertificateExtensions.Add(alternatives.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, critical: true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(ServerAuthentication)], critical: false));
        using var certificate = request.Create(root.Certificate.SubjectName, X509SignatureGenerator.CreateForECDsa(root.Key), from, until, NitroCertificate.Serial(key));
        return certificate.CopyWithPrivateKey(key);
    }

    private static string Folder(string dataDirectory) => Path.Combine(dataDirectory, "kms-tls");
}
