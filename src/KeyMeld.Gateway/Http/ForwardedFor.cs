using System.Collections.Immutable;
using System.Net;
using KeyMeld.Gateway.Configuration;

namespace KeyMeld.Gateway.Http;

/// <summary>
/// Whom a call is counted and logged for, where proxies stand before the gateway. Only a proxy that the settings name is believed, only X-Forwarded-For is looked at, and of that
/// only what such proxies appended: from the right, up to the first address that is none of them. Who signs is never decided by it: an Authorization names the public URL.
/// </summary>
internal static class ForwardedFor
{
    private const string Header = "X-Forwarded-For";

    /// <summary>The address that counts. It is the peer's own unless the peer is a named proxy and says otherwise in a form that can be read.</summary>
    public static IPAddress? AddressOf(HttpContext context, ImmutableArray<IPNetwork> proxies)
    {
        var address = context.Connection.RemoteIpAddress;
        if (proxies.IsEmpty || address is null || !Networks.Have(proxies, address))
        {
            return address;
        }
        // Several lines of one header are one list, in their order (RFC 9110 section 5.3).
        var hops = string.Join(',', (IEnumerable<string?>)context.Request.Headers[Header]).Split(',');
        for (var i = hops.Length - 1; i >= 0 && Parse(hops[i]) is { } hop; i--)
        {
            address = hop;
            if (!Networks.Have(proxies, hop))
            {
                break;
            }
        }
        return address;
    }

    // Some proxies write the port too. An address without dots or colons is a number, which nobody sends.
    private static IPAddress? Parse(string text)
    {
        var hop = text.AsSpan().Trim();
        return hop.IndexOfAny('.', ':') < 0 ? null
            : IPAddress.TryParse(hop, out var address) ? address
            : IPEndPoint.TryParse(hop, out var endPoint) ? endPoint.Address : null;
    }
}
