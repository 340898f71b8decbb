using System.Net;

namespace KeyMeld.Gateway.Configuration;

/// <summary>Addresses in settings: <c>http(s)://HOST:PORT</c> and nothing behind it.</summary>
internal static class Origin
{
    public static bool TryParse(string text, out Uri uri) => Uri.TryCreate(text, UriKind.Absolute, out uri!)
        && uri.Scheme is "http" or "https" && uri.PathAndQuery == "/" && uri.UserInfo.Length == 0 && uri.Fragment.Length == 0 && uri.Host.Length > 0;

    /// <summary>Where a socket is opened; null where the text is something else than an IP address and a port.</summary>
    public static IPEndPoint? ToListen(string text, out bool isTls)
    {
        isTls = false;
        if (!TryParse(text, out var uri) || !IPAddress.TryParse(uri.Host.Trim('[', ']'), out var address))
        {
            return null;
        }
        isTls = uri.Scheme == Uri.UriSchemeHttps;
        return new IPEndPoint(address, uri.Port);
    }
}
