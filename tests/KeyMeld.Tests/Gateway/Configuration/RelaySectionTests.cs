using System.Collections;
using System.Net;
using KeyMeld.Gateway.Configuration;
using KeyMeld.Gateway.Relaying;
using KeyMeld.Protocol.Errors;

namespace KeyMeld.Tests.Gateway.Configuration;

public class RelaySectionTests
{
    private const string Files = "certificate: a.pem, certificate_key: a.key, roots: roots.pem";

    [Fact]
    public void A_gateway_may_hand_on_its_enclaves_and_use_those_of_others_at_once()
    {
        var settings = Read($$"""{ listen: "10.0.0.5:8443", {{Files}}, clients: [gateway-b.internal, 10.0.0.6], connections: 9 }""", "unix:a.sock", "relay:gateway-b.internal:8443", "relay:gateway-b.internal:8443");

        Assert.Equal(("a.pem", "a.key", "roots.pem"), (settings.Relay!.Certificate.Certificate, settings.Relay.Certificate.Key, settings.Relay.Roots));
        Assert.Equal((new IPEndPoint(IPAddress.Parse("10.0.0.5"), 8443), 9), (settings.Relay.Server!.Listen, settings.Relay.Server.Connections));
        Assert.Equal(["gateway-b.internal", "10.0.0.6"], settings.Relay.Server.Clients);
        Assert.True(RelayAddress.TryParse(settings.Enclaves[2].Address, out var address));
        Assert.Equal(new RelayAddress("gateway-b.internal", 8443), address);
    }

    [Theory]
    [InlineData("null", "relay:b:1", "relay: is missing")]
    [InlineData("{ certificate: a.pem }", "unix:a.sock", "relay.roots: is missing")]
    [InlineData($$"""{ listen: "10.0.0.5:8443", {{Files}} }""", "unix:a.sock", "relay.clients: listen and clients belong together")]
    [InlineData($$"""{ {{Files}}, clients: [b] }""", "unix:a.sock", "relay.clients: listen and clients belong together")]
    [InlineData($$"""{ listen: "here:8443", {{Files}}, clients: [b] }""", "unix:a.sock", "relay.listen: must be ADDRESS:PORT")]
    [InlineData($$"""{ listen: "10.0.0.5:8443", {{Files}}, clients: ["*.internal"] }""", "unix:a.sock", "relay.clients: are names")]
    [InlineData($$"""{ listen: "10.0.0.5:8443", {{Files}}, clients: [b] }""", "relay:b:1", "relay.listen: there is no enclave on this host")]
    [InlineData($$"""{ {{Files}} }""", "relay:b", "enclaves[0].address: must be unix:PATH")]
    [InlineData($$"""{ {{Files}}, verify: false }""", "relay:b:1", "relay.verify: is no setting")]
    public void What_cannot_work_or_would_weaken_it_is_refused(string relay, string address, string error)
    {
        var refusal = Assert.Throws<KeyMeldException>(() => Read(relay, address));

        Assert.Equal(ErrorCodes.ConfigurationInvalid, refusal.Code);
        Assert.Contains(error, refusal.Message, StringComparison.Ordinal);
    }

    private static GatewaySettings Read(string relay, params string[] addresses) => SettingsReader.Read($$"""
        mode: development
        server: { listen: "http://127.0.0.1:8090", public_url: "http://127.0.0.1:8090" }
        storage: { kind: sqlite, path: "data/keymeld.db" }
        kms: { enabled: true, endpoint_url: null, key_id: "alias/keymeld", enable_attestation: false }
        relay: {{relay}}
        enclaves: [ {{string.Join(", ", addresses.Select((address, id) => $"{{ id: {id}, address: \"{address}\" }}"))}} ]
        """, new Hashtable());
}
