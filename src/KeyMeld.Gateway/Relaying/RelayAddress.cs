using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net.Security;
using System.Text;
using KeyMeld.Gateway.Forwarding;

namespace KeyMeld.Gateway.Relaying;

/// <summary>An enclave of another host, reached through the relay of a gateway there. Its number is the same everywhere: it is the one of the common database.</summary>
/// <param name="Host">Name or address, as it stands in that gateway's certificate.</param>
/// <param name="Port">1 to 65535.</param>
internal sealed record RelayAddress(string Host, int Port)
{
    public const string Form = "relay:HOST:PORT";
    private const string Scheme = "relay:";

    public static bool TryParse(string text, [NotNullWhen(true)] out RelayAddress? address)
    {
        address = text.StartsWith(Scheme, StringComparison.Ordinal) && ForwarderTarget.Parse(text[Scheme.Length..]) is { } target ? new RelayAddress(target.Host, target.Port) : null;
        return address is not null;
    }

    /// <summary>Which enclave is meant travels as the application protocol of the TLS connection (RFC 7301): one name for each, and no connection without one.</summary>
    public static SslApplicationProtocol ProtocolOf(uint enclave) => new(Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"keymeld-relay/1/{enclave}")));

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Scheme}{Host}:{Port}");
}
