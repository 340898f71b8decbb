using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace KeyMeld.Tests.Enclave.Support;

/// <summary>A certification authority for TLS servers, honest or not.</summary>
internal sealed class TestAuthority : IDisposable
{
    private const string ServerAuthentication = "1.3.6.1.5.5.7.3.1";
    private const string ClientAuthentication = "1.3.6.1.5.5.7.3.2";

    private readonly X509Certificate2 _root;

    public TestAuthority(string name)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign, true));
        _root = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddYears(-1), DateTimeOffset.UtcNow.AddYears(1));
    }

    public string Pem => _root.ExportCertificatePem();

    public X509Certificate2 Root => _root;

    /// <summary>A server's certificate with its key.</summary>
    /// <param name="host">The name it is for.</param>
    /// <param name="from">Days from today it is valid from.</param>
    /// <param name="to">Days from today it is valid to.</param>
    /// <param name="forServers">False: its key is for clients only.</param>
    public X509Certificate2 Issue(string host, int from = -1, int to = 30, bool forServers = true) => Issue(host, from, to, forServers, _root);

    /// <summary>A certificate under a server's, as if that were an authority.</summary>
    public static X509Certificate2 IssueUnder(X509Certificate2 server, string host) => Issue(host, -1, 30, true, server);

    public static X509Certificate2 SelfSigned(string host)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        return WithKey(Request(host, true, key).CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(30)));
    }

    public void Dispose() => _root.Dispose();

    private static X509Certificate2 Issue(string host, int from, int to, bool forServers, X509Certificate2 issuer)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var issuerKey = issuer.GetECDsaPrivateKey()!;
        using var certificate = Request(host, forServers, key).Create(
            issuer.SubjectName, X509SignatureGenerator.CreateForECDsa(issuerKey), DateTimeOffset.UtcNow.AddDays(from), DateTimeOffset.UtcNow.AddDays(to), RandomNumberGenerator.GetBytes(8));
        return WithKey(certificate.CopyWithPrivateKey(key));
    }

    private static CertificateRequest Request(string host, bool forServers, ECDsa key)
    {
        var request = new CertificateRequest($"CN={host}", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName(host);
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(forServers ? ServerAuthentication : ClientAuthentication)], true));
        return request;
    }

    private static X509Certificate2 WithKey(X509Certificate2 certificate)
    {
        using (certificate)
        {
            return X509CertificateLoader.LoadPkcs12(certificate.Export(X509ContentType.Pkcs12), null);
        }
    }
}
