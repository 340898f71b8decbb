// TLS to KMS ends here, inside the enclave, in measured roots only: whoever sits in between, the parent's forwarder for one, could otherwise answer with a data
// key of his own (attacks K01, K19). No proxy, no redirect, no decompression, no cookie, nothing fetched for a certificate's sake; bounded answers.
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Amazon.Runtime;
using KeyMeld.Enclave.Clock;
using KeyMeld.Enclave.Configuration;
using KeyMeld.Wire.Transport;

namespace KeyMeld.Enclave.Sealing.Kms;

/// <summary>Makes the HttpClient the AWS SDK uses.</summary>
internal sealed class KmsTransport : HttpClientFactory, IDisposable
{
    private readonly HttpClient _client;

    public KmsTransport(KmsConfiguration configuration, EnclaveClock clock)
    {
        var server = new KmsServer(configuration.Url.Host, configuration.TlsRoots ?? AmazonRoots.Load(), clock);
        var handler = new SocketsHttpHandler
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
                EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
                CertificateChainPolicy = server.ChainPolicy(),
                RemoteCertificateValidationCallback = (_, certificate, presented, _) => server.Accepts(certificate as X509Certificate2, presented),
            },
        };
        if (configuration.Forwarder is { } forwarder)
        {
            // The name in the URL goes into TLS; where the bytes go is the measured configuration's word.
            handler.ConnectCallback = async (_, cancellation) => new NetworkStream(await LinkSocket.ConnectAsync(forwarder, cancellation), ownsSocket: true);
        }
        _client = new HttpClient(new BoundedAnswers(handler)) { Timeout = TimeSpan.FromSeconds(10) };
    }

    public override HttpClient CreateHttpClient(IClientConfig clientConfig) => _client;

    public override bool UseSDKHttpClientCaching(IClientConfig clientConfig) => false;

    public override bool DisposeHttpClientsAfterUse(IClientConfig clientConfig) => false;

    public void Dispose() => _client.Dispose();
}
