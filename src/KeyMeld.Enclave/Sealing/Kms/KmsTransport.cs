// TLS to KMS ends here, inside the enclave, in measured roots only: whoever sits in between could otherwise answer with a data key of his own
// (attacks K01, K19). No proxy, no redirect, no decompression, no cookie; bounded answers.
using System.Collections.Immutable;
using System.Net;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using Amazon.Runtime;
using KeyMeld.Enclave.Clock;

namespace KeyMeld.Enclave.Sealing.Kms;

/// <summary>Makes the HttpClient the AWS SDK uses.</summary>
internal sealed class KmsTransport(ImmutableArray<X509Certificate2> roots, EnclaveClock clock) : HttpClientFactory, IDisposable
{
    private const string ServerAuthentication = "1.3.6.1.5.5.7.3.1";

    private readonly HttpClient _client = new(new BoundedAnswers(new SocketsHttpHandler
    {
        UseProxy = false,
        AllowAutoRedirect = false,
        UseCookies = false,
        AutomaticDecompression = DecompressionMethods.None,
        ConnectTimeout = TimeSpan.FromSeconds(5),
        PooledConnectionLifetime = TimeSpan.FromMinutes(5),
        MaxConnectionsPerServer = 4,
        MaxResponseHeadersLength = 16,
        ActivityHeadersPropagator = null,
        SslOptions = new SslClientAuthenticationOptions
        {
            EnabledSslProtocols = System.Security.Authentication.SslProtocols.Tls12 | System.Security.Authentication.SslProtocols.Tls13,
            RemoteCertificateValidationCallback = (_, certificate, presented, errors) => Accepts(certificate as X509Certificate2, presented, errors, roots, clock),
        },
    }))
    {
        Timeout = TimeSpan.FromSeconds(10),
    };

    public override HttpClient CreateHttpClient(IClientConfig clientConfig) => _client;

    public override bool UseSDKHttpClientCaching(IClientConfig clientConfig) => false;

    public override bool DisposeHttpClientsAfterUse(IClientConfig clientConfig) => false;

    public void Dispose() => _client.Dispose();

    // The name was checked by the platform (it is in the errors); the chain is built again, in our roots and at the attested time.
    private static bool Accepts(X509Certificate2? certificate, X509Chain? presented, SslPolicyErrors errors, ImmutableArray<X509Certificate2> roots, EnclaveClock clock)
    {
        if (certificate is null || (errors & ~SslPolicyErrors.RemoteCertificateChainErrors) != SslPolicyErrors.None)
        {
            return false;
        }
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.AddRange(roots.ToArray());
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.DisableCertificateDownloads = true;
        chain.ChainPolicy.ApplicationPolicy.Add(new System.Security.Cryptography.Oid(ServerAuthentication));
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
}
