using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace KeyMeld.Tests.Attestation.Mock;

/// <summary>What a certificate of the test hierarchy says; by default what a real one at its place says.</summary>
internal sealed record MockCertificate(string Name)
{
    public static readonly DateTimeOffset Now = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    public Func<AsymmetricAlgorithm> NewKey { get; init; } = () => ECDsa.Create(ECCurve.NamedCurves.nistP384);

    public HashAlgorithmName Hash { get; init; } = HashAlgorithmName.SHA384;

    public DateTimeOffset NotBefore { get; init; } = Now - TimeSpan.FromHours(1);

    public DateTimeOffset NotAfter { get; init; } = Now + TimeSpan.FromHours(2);

    public bool Authority { get; init; } = true;

    public int? PathLength { get; init; }

    public bool HasConstraints { get; init; } = true;

    public bool ConstraintsCritical { get; init; } = true;

    public X509KeyUsageFlags? Usage { get; init; } = X509KeyUsageFlags.KeyCertSign;

    public bool UsageCritical { get; init; } = true;

    public IReadOnlyList<X509Extension> Extra { get; init; } = [];

    /// <summary>Signs with this instead of the issuer's key, under the issuer's name.</summary>
    public ECDsa? ForgedBy { get; init; }

    public static MockCertificate Root { get; } = new("root");

    public static MockCertificate Regional { get; } = new("regional") { PathLength = 2 };

    public static MockCertificate Zonal { get; } = new("zonal") { PathLength = 1 };

    public static MockCertificate Instance { get; } = new("instance") { PathLength = 0 };

    public static MockCertificate Leaf { get; } = new("leaf")
    {
        Authority = false,
        Usage = X509KeyUsageFlags.DigitalSignature | X509KeyUsageFlags.NonRepudiation,
        UsageCritical = false,
    };

    public Issued Issue(Issued? issuer)
    {
        var key = NewKey();
        var request = new CertificateRequest(new X500DistinguishedName($"CN={Name}"),
            PublicKey.CreateFromSubjectPublicKeyInfo(key.ExportSubjectPublicKeyInfo(), out _), Hash);
        if (HasConstraints)
        {
            request.CertificateExtensions.Add(new X509BasicConstraintsExtension(Authority, PathLength is not null, PathLength ?? 0, ConstraintsCritical));
        }
        if (Usage is { } usage)
        {
            request.CertificateExtensions.Add(new X509KeyUsageExtension(usage, UsageCritical));
        }
        foreach (var extension in Extra)
        {
            request.CertificateExtensions.Add(extension);
        }
        var signer = ForgedBy ?? issuer?.Key ?? (ECDsa)key;
        var name = issuer?.Certificate.SubjectName ?? request.SubjectName;
        var serial = RandomNumberGenerator.GetBytes(12);
        return new Issued(request.Create(name, X509SignatureGenerator.CreateForECDsa(signer), NotBefore, NotAfter, serial), key as ECDsa);
    }

    internal sealed record Issued(X509Certificate2 Certificate, ECDsa? SigningKey)
    {
        public byte[] Der => Certificate.RawData;

        public ECDsa Key => SigningKey ?? throw new InvalidOperationException("Only an EC key signs here.");
    }
}
