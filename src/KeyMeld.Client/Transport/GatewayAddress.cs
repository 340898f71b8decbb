using System.Net;
using KeyMeld.Attestation;
using KeyMeld.Protocol.Errors;

namespace KeyMeld.Client;

/// <summary>Which gateways a client may talk to at all (protocol.md section 3).</summary>
public static class GatewayAddress
{
    /// <summary>https, or this machine; a development root for this machine only.</summary>
    internal static void Check(Uri gateway, AttestationPolicy policy)
    {
        RequireProtected(gateway);
        if (policy is not AttestationPolicy.Production && !IsLoopback(gateway))
        {
            throw Insecure($"'{gateway}' is not on this machine, and a development root proves nothing about it.");
        }
    }

    /// <summary>https, or this machine: what is sent there crosses no network in the clear.</summary>
    /// <exception cref="KeyMeldException"><c>gateway_insecure</c>, or <c>bad_request</c> where it is more than scheme, host and port.</exception>
    public static void RequireProtected(Uri gateway)
    {
        CheckForm(gateway);
        if (gateway.Scheme == Uri.UriSchemeHttp && !IsLoopback(gateway))
        {
            throw Insecure($"'{gateway}' is plain http and not on this machine.");
        }
    }

    /// <summary>Scheme, host and port, nothing else: what is signed in calls is the path as sent.</summary>
    internal static void CheckForm(Uri gateway)
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

    internal static bool IsWellFormed(Uri gateway) => (gateway.Scheme == Uri.UriSchemeHttp || gateway.Scheme == Uri.UriSchemeHttps)
        && gateway.UserInfo.Length == 0 && gateway.PathAndQuery == "/" && gateway.Fragment.Length == 0 && gateway.Host.Length > 0;

    /// <summary>Loopback addresses and the name localhost. Not <see cref="Uri.IsLoopback"/>, which takes names that are looked up.</summary>
    internal static bool IsLoopback(Uri gateway) =>
        string.Equals(gateway.DnsSafeHost, "localhost", StringComparison.OrdinalIgnoreCase) || (IPAddress.TryParse(gateway.DnsSafeHost, out var address) && IPAddress.IsLoopback(address));

    internal static bool Same(Uri a, Uri b) => Uri.Compare(a, b, UriComponents.SchemeAndServer | UriComponents.StrongPort, UriFormat.SafeUnescaped, StringComparison.OrdinalIgnoreCase) == 0;

    private static KeyMeldException Insecure(string message) => new(ErrorCodes.GatewayInsecure, message);
}
