using System.Net;
using KeyMeld.Attestation;
using KeyMeld.Protocol.Errors;

namespace KeyMeld.Client;

/// <summary>Which gateways a client may talk to at all (protocol.md section 3).</summary>
internal static class GatewayAddress
{
    /// <summary>https, or this machine; a development root for this machine only.</summary>
    public static void Check(Uri gateway, AttestationPolicy policy)
    {
        CheckForm(gateway);
        if (gateway.Scheme == Uri.UriSchemeHttp && !IsLoopback(gateway))
        {
            throw Insecure($"'{gateway}' is plain http and not on this machine.");
        }
        if (policy is not AttestationPolicy.Production && !IsLoopback(gateway))
        {
            throw Insecure($"'{gateway}' is not on this machine, and a development root proves nothing about it.");
        }
    }

    /// <summary>Scheme, host and port, nothing else: what is signed in calls is the path as sent.</summary>
    public static void CheckForm(Uri gateway)
    {
        ArgumentNullException.ThrowIfNull(gateway);
        if (!gateway.IsAbsoluteUri || (gateway.Scheme != Uri.UriSchemeHttp && gateway.Scheme != Uri.UriSchemeHttps))
        {
            throw Insecure("A gateway is named by an absolute https:// address.");
        }
        if (!IsWellFormed(gateway))
        {
            throw new KeyMeldException(ErrorCodes.BadRequest, $"'{gateway}' must be scheme, host and port only.");
        }
    }

    public static bool IsWellFormed(Uri gateway) => (gateway.Scheme == Uri.UriSchemeHttp || gateway.Scheme == Uri.UriSchemeHttps)
        && gateway.UserInfo.Length == 0 && gateway.PathAndQuery == "/" && gateway.Fragment.Length == 0 && gateway.Host.Length > 0;

    /// <summary>Loopback addresses and the name localhost. Not <see cref="Uri.IsLoopback"/>, which takes names that are looked up.</summary>
    public static bool IsLoopback(Uri gateway) =>
        string.Equals(gateway.DnsSafeHost, "localhost", StringComparison.OrdinalIgnoreCase) || (IPAddress.TryParse(gateway.DnsSafeHost, out var address) && IPAddress.IsLoopback(address));

    public static bool Same(Uri a, Uri b) => Uri.Compare(a, b, UriComponents.SchemeAndServer | UriComponents.StrongPort, UriFormat.SafeUnescaped, StringComparison.OrdinalIgnoreCase) == 0;

    private static KeyMeldException Insecure(string message) => new(ErrorCodes.GatewayInsecure, message);
}
