using System.Collections.Immutable;
using System.Net;

namespace KeyMeld.Gateway.Configuration;

/// <summary>The <c>server</c> section: where clients come in.</summary>
internal static class ServerSection
{
    public static ServerSettings? Read(SettingsSection section)
    {
        var (listen, isTls) = ReadListen(section);
        var publicUrl = ReadPublicUrl(section);
        var certificate = CertificateSection.Read(section, listen is null ? null : isTls);
        var proxies = Networks.Read(section, "proxies");
        var origins = ReadOrigins(section);
        section.Finish();
        return listen is null || publicUrl is null ? null : new ServerSettings(listen, publicUrl, certificate) { Proxies = proxies, CorsOrigins = origins };
    }

    private static (IPEndPoint? Listen, bool IsTls) ReadListen(SettingsSection section)
    {
        var isTls = false;
        var text = section.Text("listen");
        var listen = text is null ? null
            : Origin.ToListen(text, out isTls) ?? section.Fail<IPEndPoint>("listen", $"must be http://ADDRESS:PORT or https://ADDRESS:PORT with an IP address, not '{text}'");
        return (listen, isTls);
    }

    // Compared letter by letter with what browsers send: only their own way of writing an origin can ever match.
    private static ImmutableArray<string> ReadOrigins(SettingsSection section)
    {
        var origins = section.Texts("cors_origins");
        foreach (var text in origins)
        {
            if (!Origin.TryParse(text, out var uri) || uri.GetLeftPart(UriPartial.Authority) != text || (uri.Scheme == "http" && !uri.IsLoopback))
            {
                section.Fail<object>("cors_origins", $"are origins as browsers write them, https://HOST or https://HOST:PORT (http:// for this machine only), each by itself, not '{text}'");
            }
        }
        return [.. origins];
    }

    private static Uri? ReadPublicUrl(SettingsSection section)
    {
        var text = section.Text("public_url");
        if (text is null)
        {
            return null;
        }
        if (!Origin.TryParse(text, out var uri))
        {
            return section.Fail<Uri>("public_url", $"must be https://HOST or https://HOST:PORT without a path, not '{text}'");
        }
        return uri.Scheme == "http" && !uri.IsLoopback
            ? section.Fail<Uri>("public_url", $"http:// is for this machine only; '{text}' needs https://")
            : uri;
    }
}
