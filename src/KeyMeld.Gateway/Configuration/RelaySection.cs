using System.Collections.Immutable;
using System.Net;
using KeyMeld.Gateway.Relaying;

namespace KeyMeld.Gateway.Configuration;

/// <summary>The <c>relay</c> section: mutual TLS between gateways of several hosts. Without it the gateway has only enclaves of its own host, and hands none of them on.</summary>
internal static class RelaySection
{
    public static RelaySettings? Read(SettingsSection section)
    {
        var certificate = section.Text("certificate");
        var key = section.Text("certificate_key");
        var roots = section.Text("roots");
        var clients = section.Texts("clients");
        var listenText = section.OptionalText("listen");
        var connections = section.Number("connections", 1, 10_000, 256) ?? 0;
        section.Finish();
        IPEndPoint? listen = null;
        if (listenText is not null && !(IPEndPoint.TryParse(listenText, out listen) && listenText.Contains(':', StringComparison.Ordinal)))
        {
            section.Fail<object>("listen", $"must be ADDRESS:PORT with an IP address, not '{listenText}'");
        }
        if (clients.FirstOrDefault(name => Uri.CheckHostName(name) is UriHostNameType.Unknown) is { } noName)
        {
            section.Fail<object>("clients", $"are names as they stand in the callers' certificates, not '{noName}'");
        }
        if (listenText is null != (clients.Count == 0))
        {
            section.Fail<object>("clients", "listen and clients belong together: give both, or neither where this gateway only connects to others");
        }
        return certificate is null || key is null || roots is null ? null
            : new RelaySettings(new CertificateFiles(certificate, key), roots, listen is null ? null : new RelayServerSettings(listen, [.. clients], connections));
    }

    public static void Check(SettingsSection root, RelaySettings? relay, ImmutableArray<EnclaveSettings> enclaves)
    {
        var relayed = enclaves.Count(enclave => RelayAddress.TryParse(enclave.Address, out _));
        if (relayed > 0 && relay is null)
        {
            root.Fail<object>("relay", "is missing: an enclave's address is a relay's, which asks for a certificate");
        }
        if (relay?.Server is not null && relayed == enclaves.Length)
        {
            root.Fail<object>("relay.listen", "there is no enclave on this host that could be handed on");
        }
    }
}
