using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using KeyMeld.Wire.Transport;

namespace KeyMeld.Gateway.Configuration;

/// <summary>The <c>operator</c> section: how operators prove that they are.</summary>
internal static class OperatorSection
{
    public static (ImmutableArray<byte>? TokenHash, OperatorListener? Listener) Read(SettingsSection section, bool? production)
    {
        var hash = ReadTokenHash(section);
        var listener = ReadListener(section, production);
        section.Finish();
        return (hash, listener);
    }

    private static ImmutableArray<byte>? ReadTokenHash(SettingsSection section)
    {
        var hash = section.OptionalText("token_sha256");
        return hash is null ? null
            : hash.Length == 64 && hash.All(char.IsAsciiHexDigitLower) ? [.. Convert.FromHexString(hash)]
            : section.Fail<ImmutableArray<byte>?>("token_sha256", "must be the SHA-256 of the token, 64 lower-case hex digits; `keymeld operator token` makes both");
    }

    private static OperatorListener? ReadListener(SettingsSection section, bool? production)
    {
        var text = section.OptionalText("listen");
        var isTls = false;
        EndPoint? listen = text is null ? null
            : EnclaveAddress.TryParse(text, out var address) && address is EnclaveAddress.UnixSocket file ? new UnixDomainSocketEndPoint(file.Path)
            : (EndPoint?)Origin.ToListen(text, out isTls) ?? section.Fail<EndPoint>("listen", $"must be http://ADDRESS:PORT, https://ADDRESS:PORT with an IP address, or unix:PATH, not '{text}'");
        var certificate = CertificateSection.Read(section, listen is null ? null : isTls);
        var networks = Networks.Read(section, "networks");
        var hosts = section.Texts("hosts");
        if (text is null && (certificate is not null || networks.Length > 0 || hosts.Count > 0))
        {
            section.Fail<object>("listen", "certificate, certificate_key, networks and hosts are for the operator's listener: give it listen, or leave them out");
        }
        if (hosts.FirstOrDefault(host => Uri.CheckHostName(host) != UriHostNameType.Dns || host.Any(char.IsUpper)) is { } wrong)
        {
            section.Fail<object>("hosts", $"are lower-case host names without a port, not '{wrong}'");
        }
        if (production == true && listen is IPEndPoint { Address: var place } && !IPAddress.IsLoopback(place) && !isTls)
        {
            section.Fail<object>("listen", $"must in production be https://, a loopback address or unix:PATH: what operators see and order would cross a network in the clear at '{text}'");
        }
        return listen is null ? null : new OperatorListener(listen, certificate, networks, [.. hosts]);
    }
}
