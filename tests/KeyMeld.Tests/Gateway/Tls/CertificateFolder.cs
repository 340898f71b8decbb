using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using KeyMeld.Gateway.Configuration;
using KeyMeld.Tests.Enclave.Support;

namespace KeyMeld.Tests.Gateway.Tls;

/// <summary>A certificate and its key as PEM files that can be renewed, of an authority of their own.</summary>
internal sealed class CertificateFolder : IDisposable
{
    public const string Issuer = "CN=door";

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("km-tls-");
    private readonly TestAuthority _authority = new("door");

    public CertificateFolder() => Renew();

    public string Certificate => Path.Combine(_folder.FullName, "server.pem");

    public string Key => Path.Combine(_folder.FullName, "server.key");

    public CertificateFiles Files => new(Certificate, Key);

    /// <summary>SHA-256 of the newest leaf, as clients see it.</summary>
    public string Thumbprint { get; private set; } = "";

    /// <summary>Puts a new certificate and a new key in place.</summary>
    public void Renew(int from = -1, int to = 30, bool keepKey = false)
    {
        using var leaf = _authority.Issue("localhost", from, to);
        using var key = leaf.GetECDsaPrivateKey()!;
        File.WriteAllText(Certificate, leaf.ExportCertificatePem() + "\n" + _authority.Pem + "\n");
        if (!keepKey)
        {
            File.WriteAllText(Key, key.ExportPkcs8PrivateKeyPem());
            File.SetUnixFileMode(Key, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        }
        Thumbprint = leaf.GetCertHashString(HashAlgorithmName.SHA256).ToLowerInvariant();
    }

    public void Dispose()
    {
        _authority.Dispose();
        _folder.Delete(recursive: true);
    }
}
