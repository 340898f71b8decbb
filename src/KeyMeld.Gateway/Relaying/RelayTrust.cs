// RFC 8446 (TLS 1.3), RFC 5280 section 4.2.1.12 (what a key may be used for), RFC 6125 (names).
using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace KeyMeld.Gateway.Relaying;

/// <summary>
/// Both ends of a relayed connection: TLS 1.3, a certificate on either side that ends in the configured roots, is valid now, is for that use and has the expected name. The files are
/// read for each connection, so that a renewed certificate counts from the next one on; connections are few and last.
/// </summary>
internal static class RelayTrust
{
    private const string ServerAuthentication = "1.3.6.1.5.5.7.3.1";
    private const string ClientAuthentication = "1.3.6.1.5.5.7.3.2";

    /// <summary>For whoever connects.</summary>
    /// <exception cref="CryptographicException">The files are no certificate with its key, or no roots.</exception>
    /// <exception cref="IOException">The files cannot be read.</exception>
    public static SslClientAuthenticationOptions Client(RelaySettings settings, string host, SslApplicationProtocol enclave) => new()
    {
        TargetHost = host,
        ApplicationProtocols = [enclave],
        ClientCertificateContext = Own(settings),
        EnabledSslProtocols = SslProtocols.Tls13,
        CertificateChainPolicy = Policy(settings, ServerAuthentication),
        RemoteCertificateValidationCallback = (_, certificate, _, errors) => errors == SslPolicyErrors.None && HasName(certificate, host),
        AllowTlsResume = false,
    };

    /// <summary>For whoever is connected to. Without a common application protocol, which is an enclave, no connection comes about.</summary>
    /// <exception cref="CryptographicException">The files are no certificate with its key, or no roots.</exception>
    /// <exception cref="IOException">The files cannot be read.</exception>
    public static SslServerAuthenticationOptions Server(RelaySettings settings, IEnumerable<SslApplicationProtocol> enclaves) => new()
    {
        ApplicationProtocols = [.. enclaves],
        ServerCertificateContext = Own(settings),
        ClientCertificateRequired = true,
        EnabledSslProtocols = SslProtocols.Tls13,
        CertificateChainPolicy = Policy(settings, ClientAuthentication),
        RemoteCertificateValidationCallback = (_, certificate, _, errors) => errors == SslPolicyErrors.None && settings.Server!.Clients.Any(name => HasName(certificate, name)),
        AllowTlsResume = false,
    };

    private static SslStreamCertificateContext Own(RelaySettings settings)
    {
        var chain = new X509Certificate2Collection();
        chain.ImportFromPemFile(settings.Certificate.Certificate);
        return SslStreamCertificateContext.Create(X509Certificate2.CreateFromPemFile(settings.Certificate.Certificate, settings.Certificate.Key), chain, offline: true);
    }

    private static X509ChainPolicy Policy(RelaySettings settings, string use)
    {
        var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck, DisableCertificateDownloads = true };
        policy.CustomTrustStore.ImportFromPemFile(settings.Roots);
        policy.ApplicationPolicy.Add(new Oid(use));
        return policy;
    }

    // Only what the certificate says in its list of names counts: no wildcards, no common name.
    private static bool HasName(X509Certificate? certificate, string name) =>
        certificate is X509Certificate2 known && known.MatchesHostname(name, allowWildcards: false, allowCommonName: false);
}
