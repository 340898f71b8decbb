using System.Collections;
using System.Text.Json;
using KeyMeld.Gateway.Configuration;
using KeyMeld.Gateway.Operations;
using KeyMeld.Protocol.Errors;
using KeyMeld.Tests.Gateway.Tls;

namespace KeyMeld.Tests.Gateway.Operations;

/// <summary>What <c>KeyMeld.Gateway --check</c> says, before anything is opened.</summary>
public sealed class SettingsCheckTests : IDisposable
{
    private readonly CertificateFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Listeners_and_how_long_their_certificates_last_are_shown()
    {
        using var check = JsonDocument.Parse(SettingsCheckJson.Of(Settings(), TimeProvider.System));
        Assert.Equal(("127.0.0.1:8443", "127.0.0.1:9443"), (check.RootElement.GetProperty("listen").GetString(), check.RootElement.GetProperty("operator_listen").GetString()));
        var certificates = check.RootElement.GetProperty("certificates").EnumerateArray().ToList();
        Assert.Equal(["server", "operator"], certificates.Select(certificate => certificate.GetProperty("listener").GetString()));
        Assert.All(certificates, certificate => Assert.Equal((_folder.Thumbprint, 29), (certificate.GetProperty("sha256").GetString(), certificate.GetProperty("days_left").GetInt32())));
        Assert.DoesNotContain(File.ReadAllLines(_folder.Key)[1], check.RootElement.GetRawText(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_certificate_that_has_ended_is_shown_as_ended()
    {
        _folder.Renew(from: -9, to: -2);
        using var check = JsonDocument.Parse(SettingsCheckJson.Of(Settings(), TimeProvider.System));
        Assert.InRange(check.RootElement.GetProperty("certificates")[0].GetProperty("days_left").GetInt32(), -3, -2);
    }

    [Fact]
    public void Files_that_are_no_good_are_listed_for_both_listeners_at_once()
    {
        File.WriteAllText(_folder.Certificate, "no certificate");
        var refusal = Assert.Throws<KeyMeldException>(() => SettingsCheckJson.Of(Settings(), TimeProvider.System));
        Assert.Equal(ErrorCodes.ConfigurationInvalid, refusal.Code);
        Assert.Equal(["server.certificate: ", "operator.certificate: "], refusal.Message.Split('\n').Select(line => line[..(line.IndexOf(": ", StringComparison.Ordinal) + 2)]));
    }

    private GatewaySettings Settings() => SettingsReader.Read(
        $$"""
        mode: development
        server: { listen: "https://127.0.0.1:8443", public_url: "https://127.0.0.1:8443", certificate: "{{_folder.Certificate}}", certificate_key: "{{_folder.Key}}" }
        operator: { listen: "https://127.0.0.1:9443", certificate: "{{_folder.Certificate}}", certificate_key: "{{_folder.Key}}" }
        storage: { kind: sqlite, path: "data/keymeld.db" }
        kms: { enabled: true, endpoint_url: null, key_id: "alias/keymeld", enable_attestation: false }
        enclaves: [ { id: 0, address: "unix:data/run/enclave-0.sock" } ]
        """, new Hashtable());
}
