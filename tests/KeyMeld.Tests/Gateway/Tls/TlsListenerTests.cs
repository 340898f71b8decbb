using System.Collections;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Text;
using KeyMeld.Gateway.Operations;
using KeyMeld.Gateway.Tls;
using KeyMeld.Tests.Gateway.Support;

namespace KeyMeld.Tests.Gateway.Tls;

public sealed class TlsListenerTests : IDisposable
{
    private readonly CertificateFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_new_certificate_is_served_to_who_comes_and_who_is_there_goes_on()
    {
        var time = new SteppedTime();
        await using var gateway = await StartAsync(time);
        var address = new Uri(gateway.Address);
        using var early = await HandshakeAsync(address, SslProtocols.None);
        Assert.Equal(_folder.Thumbprint, Seen(early));
        Assert.Equal(SslProtocols.Tls13, early.SslProtocol);

        var first = _folder.Thumbprint;
        _folder.Renew();
        time.Step(CertificateKeeper.Period);
        await Eventually.TrueAsync(() => gateway.Parts.Certificates.Server!.Current.Thumbprint == _folder.Thumbprint);
        using (var late = await HandshakeAsync(address, SslProtocols.None))
        {
            Assert.Equal(_folder.Thumbprint, Seen(late));
        }
        Assert.NotEqual(first, _folder.Thumbprint);

        await early.WriteAsync(Encoding.ASCII.GetBytes($"GET /api/v1/health/live HTTP/1.1\r\nHost: {address.Authority}\r\nConnection: close\r\n\r\n"), TestContext.Current.CancellationToken);
        Assert.StartsWith("HTTP/1.1 200", await new StreamReader(early).ReadToEndAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Only_tls_1_2_and_later_with_forward_secrecy_is_spoken()
    {
        await using var gateway = await StartAsync();
        var address = new Uri(gateway.Address);
        using (var older = await HandshakeAsync(address, SslProtocols.Tls12))
        {
            Assert.Equal(SslProtocols.Tls12, older.SslProtocol);
            Assert.StartsWith("TLS_ECDHE_ECDSA_WITH_", older.NegotiatedCipherSuite.ToString(), StringComparison.Ordinal);
            Assert.DoesNotContain("CBC", older.NegotiatedCipherSuite.ToString(), StringComparison.Ordinal);
        }
#pragma warning disable CA5397, CS0618, SYSLIB0039 // what must not work
        await Assert.ThrowsAnyAsync<Exception>(() => HandshakeAsync(address, SslProtocols.Tls11));
#pragma warning restore CA5397, CS0618, SYSLIB0039
        await Assert.ThrowsAnyAsync<Exception>(() => HandshakeAsync(address, SslProtocols.Tls12, new CipherSuitesPolicy([TlsCipherSuite.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256])));
    }

    [Fact]
    public async Task Http_2_is_spoken_and_operators_are_known_by_their_listener_there_too()
    {
        await using var gateway = await StartAsync();
        foreach (var (address, detail) in ((string, HttpStatusCode)[])[(gateway.Address, HttpStatusCode.NotFound), (gateway.OperatorAddress!, HttpStatusCode.OK)])
        {
            using var http = Client();
            using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(new Uri(address), "/api/v1/health/detail")) { Version = HttpVersion.Version20, VersionPolicy = HttpVersionPolicy.RequestVersionExact };
            using var response = await http.SendAsync(request, TestContext.Current.CancellationToken);
            Assert.Equal((HttpVersion.Version20, detail), (response.Version, response.StatusCode));
            if (detail == HttpStatusCode.OK)
            {
                var health = System.Text.Json.JsonSerializer.Deserialize(await response.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken), GatewayJson.Default.HealthDetailJson)!;
                Assert.Equal(["server", "operator"], health.Certificates.Select(certificate => certificate.Listener));
                Assert.All(health.Certificates, certificate => Assert.Equal((_folder.Thumbprint, 29, null), (certificate.Sha256, certificate.DaysLeft, certificate.Refused)));
            }
        }
    }

    private Task<TestGateway> StartAsync(TimeProvider? time = null) => TestGateway.StartAsync(
        enclaves: 1, ready: false, time: time,
        overrides: new Hashtable
        {
            ["KEYMELD__SERVER__LISTEN"] = "https://127.0.0.1:0",
            ["KEYMELD__SERVER__CERTIFICATE"] = _folder.Certificate,
            ["KEYMELD__SERVER__CERTIFICATE_KEY"] = _folder.Key,
            ["KEYMELD__OPERATOR__LISTEN"] = "https://127.0.0.1:0",
            ["KEYMELD__OPERATOR__CERTIFICATE"] = _folder.Certificate,
            ["KEYMELD__OPERATOR__CERTIFICATE_KEY"] = _folder.Key,
        },
        adjust: settings => settings with { Production = true });

    private static HttpClient Client() => new(new SocketsHttpHandler { SslOptions = new SslClientAuthenticationOptions { RemoteCertificateValidationCallback = (_, certificate, _, _) => certificate?.Issuer == CertificateFolder.Issuer } });

    private static async Task<SslStream> HandshakeAsync(Uri address, SslProtocols protocols, CipherSuitesPolicy? suites = null)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(address.Host, address.Port, TestContext.Current.CancellationToken);
        var stream = new SslStream(new NetworkStream(socket, ownsSocket: true));
        await stream.AuthenticateAsClientAsync(
            new SslClientAuthenticationOptions
            {
                TargetHost = "localhost",
                EnabledSslProtocols = protocols,
                CipherSuitesPolicy = suites,
                AllowTlsResume = false,
                RemoteCertificateValidationCallback = (_, certificate, _, _) => certificate?.Issuer == CertificateFolder.Issuer,
            },
            TestContext.Current.CancellationToken);
        return stream;
    }

    private static string Seen(SslStream stream) => stream.RemoteCertificate!.GetCertHashString(HashAlgorithmName.SHA256).ToLowerInvariant();
}
