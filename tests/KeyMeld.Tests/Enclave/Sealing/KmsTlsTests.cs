using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using KeyMeld.DevKit.Kms.Tls;
using KeyMeld.DevKit.Nsm.Certificates;
using KeyMeld.Enclave.Configuration;
using KeyMeld.Enclave.Sealing.Kms;
using KeyMeld.Gateway.Forwarding;
using KeyMeld.Protocol.Errors;
using KeyMeld.Tests.Enclave.Rounds;
using KeyMeld.Tests.Enclave.Support;
using KeyMeld.Wire.Transport;
using KeyMeld.Wire.V1;
using Microsoft.Extensions.Logging.Abstractions;

namespace KeyMeld.Tests.Enclave.Sealing;

/// <summary>TLS to KMS as on Nitro: a real enclave, the gateway's real forwarder, and whoever sits at its far end. More of them meet the built program in HostileTlsTests.</summary>
public sealed class KmsTlsTests : IClassFixture<MachineFixture>, IDisposable
{
    private const string Host = "kms.us-west-2.amazonaws.com";

    private static readonly DateTimeOffset Now = TimeProvider.System.GetUtcNow();

    private readonly TestMachine _machine;
    private readonly string _folder = Directory.CreateTempSubdirectory("keymeld-tls-").FullName;
    private readonly DevelopmentRoot _measured;
    private readonly DevelopmentRoot _other;

    public KmsTlsTests(MachineFixture fixture)
    {
        _machine = fixture.Machine;
        _measured = DevelopmentRoot.OpenOrCreate(Path.Combine(_folder, "measured"), Now, "CN=measured");
        _other = DevelopmentRoot.OpenOrCreate(Path.Combine(_folder, "other"), Now, "CN=measured");
    }

    public static TheoryData<string> Impostors =>
        ["own root", "another name", "no name but the common one", "plain HTTP"];

    [Fact]
    public async Task A_key_is_made_and_unsealed_over_tls_that_ends_in_the_enclave()
    {
        await using var front = new TlsFront(_machine.Kms.Endpoint) { Shown = [Good()] };
        await using var forwarder = await ForwardAsync(front);
        var row = await (await StartAsync()).BeginAsync();
        Assert.Equal(EnclaveStatus.Types.State.Ready, (await (await StartAsync()).ConfigureAsync(row)).State);
        Assert.True(front.BytesHeard > 0);
    }

    [Theory]
    [MemberData(nameof(Impostors))]
    public async Task K01_K19_an_impostor_gets_no_byte_of_kms_content_and_the_honest_server_is_used_after(string impostor)
    {
        await using var front = new TlsFront(_machine.Kms.Endpoint) { Shown = impostor == "plain HTTP" ? null : [Forge(impostor)] };
        await using var forwarder = await ForwardAsync(front);
        var enclave = await StartAsync();
        await enclave.ConfigureAsync();

        Assert.Equal(ErrorCodes.KmsUnreachable, (await TestEnclave.RefusalAsync(() => enclave.GenesisAsync())).Code);
        Assert.True(front.Connections > 0);
        // Without TLS the first bytes of a handshake arrive as they are; no request does.
        Assert.True(impostor == "plain HTTP" || front.BytesHeard == 0);
        Assert.Equal(ErrorCodes.SealedKeyMissing, (await enclave.StatusAsync()).Reason);

        front.Shown = [Good()];
        Assert.NotNull(await enclave.GenesisAsync());
    }

    [Fact]
    public async Task K19_nothing_older_than_tls_1_2_is_offered_and_the_right_name_is_asked_for()
    {
        var address = EnclaveAddress.Parse($"unix:{_folder}/hello.sock");
        using var listener = LinkSocket.Listen(address);
        using var kms = new AwsKms(Configuration() with { Forwarder = address }, new ManualClock { Now = Now.ToUnixTimeMilliseconds() });
        var call = kms.GenerateDataKeyAsync(new KmsCredentials("key", "secret", null, 0), _machine.KeyArn, new Dictionary<string, string>(), null, TestContext.Current.CancellationToken);

        using var enclave = await listener.AcceptAsync(TestContext.Current.CancellationToken);
        var hello = new byte[4096];
        var length = await enclave.ReceiveAsync(hello, TestContext.Current.CancellationToken);
        // RFC 8446: record 22, handshake 1; supported_versions (43) holds one length byte and two bytes a version.
        Assert.Equal((22, 1), (hello[0], hello[5]));
        var text = Convert.ToHexString(hello.AsSpan(0, length));
        Assert.Contains("002B00050403040303", text, StringComparison.Ordinal);
        Assert.Contains(Convert.ToHexString(System.Text.Encoding.ASCII.GetBytes(Host)), text, StringComparison.Ordinal);

        // ServerHello of TLS 1.1 with TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA: answered with a protocol_version alert.
        byte[] serverHello = [2, 0, 0, 38, 3, 2, .. RandomNumberGenerator.GetBytes(32), 0, 0xC0, 0x14, 0];
        await enclave.SendAsync((byte[])[22, 3, 2, 0, (byte)serverHello.Length, .. serverHello], TestContext.Current.CancellationToken);
        var alert = new byte[64];
        Assert.Equal(7, await enclave.ReceiveAsync(alert, TestContext.Current.CancellationToken));
        Assert.Equal((21, 2, 70), (alert[0], alert[5], alert[6]));
        enclave.Dispose();
        listener.Dispose();
        Assert.Equal(KmsFailure.Unreachable, (await Assert.ThrowsAsync<KmsException>(() => call)).Failure);
    }

    [Theory]
    [InlineData("vpce-0123456789abcdef0-abcdefgh.kms.us-west-2.vpce.amazonaws.com", "*.kms.us-west-2.vpce.amazonaws.com", true)]
    [InlineData("vpce-0123456789abcdef0-abcdefgh-us-west-2a.kms.us-west-2.vpce.amazonaws.com", "*.kms.us-west-2.vpce.amazonaws.com", true)]
    [InlineData("vpce-0123456789abcdef0-abcdefgh.kms.us-west-2.vpce.amazonaws.com", "*.us-west-2.vpce.amazonaws.com", false)]
    [InlineData("vpce-0123456789abcdef0-abcdefgh.kms.us-west-2.vpce.amazonaws.com", Host, false)]
    [InlineData(Host, Host, true)]
    [InlineData(Host, "KMS.us-west-2.amazonaws.com", true)]
    [InlineData(Host, "kms.eu-west-1.amazonaws.com", false)]
    [InlineData(Host, "kms.us-west-2.amazonaws.com.example.com", false)]
    [InlineData(Host, "*.amazonaws.com", false)]
    [InlineData("kms-fips.us-west-2.amazonaws.com", Host, false)]
    [InlineData("kms.cn-north-1.amazonaws.com.cn", "kms.cn-north-1.amazonaws.com.cn", true)]
    public void K19_the_certificate_must_name_the_very_endpoint(string host, string name, bool accepted)
    {
        using var certificate = KmsTls.Issue(_measured, [name], Now - TimeSpan.FromHours(1), Now + TimeSpan.FromHours(1));
        Assert.Equal(accepted, Server(host).Accepts(certificate, null));
    }

    [Fact]
    public void K21_validity_is_judged_by_the_enclaves_time_and_not_the_hosts()
    {
        using var certificate = KmsTls.Issue(_measured, [Host], Now + TimeSpan.FromDays(10), Now + TimeSpan.FromDays(20));
        Assert.False(Server(Host).Accepts(certificate, null));
        Assert.True(Server(Host, Now + TimeSpan.FromDays(15)).Accepts(certificate, null));
        Assert.False(Server(Host, Now + TimeSpan.FromDays(21)).Accepts(certificate, null));
    }

    public void Dispose()
    {
        _measured.Dispose();
        _other.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private KmsServer Server(string host, DateTimeOffset? now = null) =>
        new(host, [_measured.Certificate], new ManualClock { Now = (now ?? Now).ToUnixTimeMilliseconds() });

    private X509Certificate2 Good() => KmsTls.Issue(_measured, [Host], Now - TimeSpan.FromHours(1), Now + TimeSpan.FromDays(1));

    private X509Certificate2 Forge(string how) => how switch
    {
        "own root" => KmsTls.Issue(_other, [Host], Now - TimeSpan.FromHours(1), Now + TimeSpan.FromDays(1)),
        "another name" => KmsTls.Issue(_measured, ["kms.us-east-1.amazonaws.com"], Now - TimeSpan.FromHours(1), Now + TimeSpan.FromDays(1)),
        "no name but the common one" => Nameless(),
        _ => throw new ArgumentOutOfRangeException(nameof(how)),
    };

    private X509Certificate2 Nameless()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={Host}", key, HashAlgorithmName.SHA256);
        using var certificate = request.Create(_measured.Certificate.SubjectName, X509SignatureGenerator.CreateForECDsa(_measured.Key), Now - TimeSpan.FromHours(1), Now + TimeSpan.FromDays(1), [1]);
        return certificate.CopyWithPrivateKey(key);
    }

    private KmsConfiguration Configuration() => new()
    {
        KeyId = _machine.KeyArn,
        PreviousKeyIds = [],
        Region = "us-west-2",
        Endpoint = null,
        EnableAttestation = true,
        TlsRoots = [_measured.Certificate],
        Forwarder = EnclaveAddress.Parse($"unix:{_folder}/kms.sock"),
    };

    private Task<TestEnclave> StartAsync() => _machine.StartEnclaveAsync(change: configuration => configuration with { Kms = Configuration() });

    private async Task<Forwarder> ForwardAsync(TlsFront front)
    {
        var settings = new ForwarderSettings(EnclaveAddress.Parse($"unix:{_folder}/kms.sock"), new ForwarderTarget("127.0.0.1", front.Endpoint.Port), ImmutableArray<uint>.Empty);
        var forwarder = new Forwarder(settings, TimeProvider.System, NullLogger<Forwarder>.Instance);
        await forwarder.StartAsync(TestContext.Current.CancellationToken);
        return forwarder;
    }
}
