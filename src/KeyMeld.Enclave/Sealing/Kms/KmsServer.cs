// RFC 9110 section 4.3.4 and RFC 9525: the certificate must be for the very name that was asked for, in its subject alternative names, and end in our roots.
using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using KeyMeld.Enclave.Clock;

namespace KeyMeld.Enclave.Sealing.Kms;

/// <summary>Who KMS's certificate must say it is. Time is the enclave's own, never the host's.</summary>
/// <param name="host">The host name of the measured configuration.</param>
/// <param name="roots">The only ones that count: the platform's trust store and what SSL_CERT_FILE names play no part.</param>
/// <param name="clock">What validity is judged by.</param>
internal sealed class KmsServer(string host, ImmutableArray<X509Certificate2> roots, EnclaveClock clock)
{
    private const string ServerAuthentication = "1.3.6.1.5.5.7.3.1";

    /// <summary>Whether this is the server, by a chain built anew from what it presented.</summary>
    public bool Accepts(X509Certificate2? certificate, X509Chain? presented)
    {
        if (certificate is null || !certificate.MatchesHostname(host, allowWildcards: true, allowCommonName: false))
        {
            return false;
        }
        using var chain = new X509Chain { ChainPolicy = ChainPolicy() };
        chain.ChainPolicy.VerificationTime = DateTimeOffset.FromUnixTimeMilliseconds(clock.NowMs).UtcDateTime;
        if (presented is not null)
        {
            chain.ChainPolicy.ExtraStore.AddRange(presented.ChainPolicy.ExtraStore);
        }
        var accepted = chain.Build(certificate);
        foreach (var element in chain.ChainElements)
        {
            element.Certificate.Dispose();
        }
        return accepted;
    }

    /// <summary>The rules of a chain but for the time. No certificate is downloaded that the server did not send.</summary>
    public X509ChainPolicy ChainPolicy()
    {
        var policy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            RevocationMode = X509RevocationMode.NoCheck,
            DisableCertificateDownloads = true,
        };
        policy.CustomTrustStore.AddRange(roots.ToArray());
        policy.ApplicationPolicy.Add(new Oid(ServerAuthentication));
        return policy;
    }
}
