using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace KeyMeld.Attestation;

/// <summary>The pinned certificate every chain has to end in. The system's certificate stores play no part.</summary>
public sealed class AttestationRoot
{
    /// <summary>SHA-256 of the DER of AWS Nitro Enclaves root G1, as AWS documents it (AWS Nitro Enclaves User Guide, "Verifying the root of trust").</summary>
    public const string AwsNitroG1Fingerprint = "641a0321a3e244efe456463195d606317ed7cdcc3c1756e09893f3c68f79bb5b";

    private const string AwsNitroG1Der =
        "MIICETCCAZagAwIBAgIRAPkxdWgbkK/hHUbMtOTn+FYwCgYIKoZIzj0EAwMwSTELMAkGA1UEBhMCVVMxDzANBgNVBAoMBkFtYXpvbjEMMAoGA1UECwwDQVdTMRswGQYDVQQDDBJhd3Mu" +
        "bml0cm8tZW5jbGF2ZXMwHhcNMTkxMDI4MTMyODA1WhcNNDkxMDI4MTQyODA1WjBJMQswCQYDVQQGEwJVUzEPMA0GA1UECgwGQW1hem9uMQwwCgYDVQQLDANBV1MxGzAZBgNVBAMMEmF3" +
        "cy5uaXRyby1lbmNsYXZlczB2MBAGByqGSM49AgEGBSuBBAAiA2IABPwCVOumCMHzaHDimtqQvkY4MpJzbolL//Zy2YlES1BR5TSksfbb48C8WBoyt7F2Bw7eEtaaP+ohG2bnUs990d0J" +
        "X28TcPQXCEPZ3BABIeTPYwEoCWZEh8l5YoQwTcU/9KNCMEAwDwYDVR0TAQH/BAUwAwEB/zAdBgNVHQ4EFgQUkCW1DdkFR+eWw5b6cp3PmanfS5YwDgYDVR0PAQH/BAQDAgGGMAoGCCqG" +
        "SM49BAMDA2kAMGYCMQCjfy+Rocm9Xue4YnwWmNJVA44fA0P5W2OpYow9OYCVRaEevL8uO1XYru5xtMPWrfMCMQCi85sWBbJwKKXdS6BptQFuZbT73o/gBh1qUxl/nNr12UO8Yfwr6wPL" +
        "b+6NIwLz3/Y=";

    private static readonly Lazy<AttestationRoot> AwsNitroG1Loader = new(LoadAwsNitroG1);

    private AttestationRoot(X509Certificate2 certificate) => Certificate = certificate;

    /// <summary>
    /// The root of the commercial AWS regions (partition aws), valid 2019 to 2049. GovCloud and China have other roots, which are not trusted.
    /// </summary>
    public static AttestationRoot AwsNitroG1 => AwsNitroG1Loader.Value;

    /// <summary>The certificate in DER.</summary>
    public ReadOnlyMemory<byte> Der => Certificate.RawDataMemory;

    /// <summary>SHA-256 of the DER in lower-case hex, for people and logs.</summary>
    public string Fingerprint => Convert.ToHexStringLower(SHA256.HashData(Der.Span));

    internal X509Certificate2 Certificate { get; }

    /// <summary>A root of one's own, as the development simulator makes one. It is checked like AWS' own and swaps nothing but the anchor.</summary>
    /// <param name="certificate">A P-384 certificate authority; it is copied.</param>
    /// <exception cref="ArgumentException">It cannot be a root of attestation documents.</exception>
    public static AttestationRoot Development(X509Certificate2 certificate)
    {
        var root = X509CertificateLoader.LoadCertificate(certificate.RawDataMemory.Span);
        try
        {
            CertificateRules.RequireP384(root, "root");
            CertificateRules.RequireAuthority(root, authoritiesBelow: 0, isRoot: true);
        }
        catch (Exception error) when (error is AttestationException or CryptographicException)
        {
            root.Dispose();
            throw new ArgumentException($"The certificate cannot be a root of attestation documents: {error.Message}", nameof(certificate), error);
        }
        return new AttestationRoot(root);
    }

    /// <summary>A root of one's own from a PEM file with exactly one certificate.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="ArgumentException">It cannot be a root of attestation documents.</exception>
    /// <exception cref="CryptographicException">The file holds no certificate.</exception>
    public static AttestationRoot DevelopmentFromPemFile(string path)
    {
        using var certificate = X509Certificate2.CreateFromPem(File.ReadAllText(path));
        return Development(certificate);
    }

    private static AttestationRoot LoadAwsNitroG1()
    {
        using var certificate = X509CertificateLoader.LoadCertificate(Convert.FromBase64String(AwsNitroG1Der));
        var root = Development(certificate);
        return root.Fingerprint == AwsNitroG1Fingerprint ? root : throw new CryptographicException("The embedded AWS Nitro root is not the documented one.");
    }
}
