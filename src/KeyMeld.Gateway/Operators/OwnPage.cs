// Fetch standard: Origin; W3C Fetch Metadata: Sec-Fetch-Site.
using System.Collections.Immutable;
using System.Net;

namespace KeyMeld.Gateway.Operators;

/// <summary>
/// Tells a caller that nobody else steers from a browser that a foreign page steers. Where the place of a caller stands in for a credential, a page that an operator happens to
/// look at must not borrow it: neither by calling this address (cross-site request), nor by giving its own name this address (DNS rebinding).
/// </summary>
internal static class OwnPage
{
    private const string FetchSite = "Sec-Fetch-Site";

    /// <summary>What is wrong with such a call; null when nothing is.</summary>
    /// <param name="request">The call.</param>
    /// <param name="hosts">Names this place has beside localhost and IP addresses.</param>
    public static string? Refuse(HttpRequest request, ImmutableArray<string> hosts)
    {
        if (!IsOwnName(request.Host.Host, hosts))
        {
            return "The Host of this call is no name of this gateway's operator address.";
        }
        if (request.Headers.Origin is { Count: > 0 } origin && origin != $"{request.Scheme}://{request.Host.Value}")
        {
            return "This call comes from a page of another origin.";
        }
        return request.Headers[FetchSite] is { Count: > 0 } site && site != "same-origin" && site != "none" ? "This call comes from a page of another site." : null;
    }

    // Nobody can point an IP address or localhost elsewhere; every other name has to be listed.
    private static bool IsOwnName(string host, ImmutableArray<string> hosts) =>
        host is "localhost" || IPAddress.TryParse(host.Trim('[', ']'), out _) || hosts.Contains(host.ToLowerInvariant());
}
