// OWASP Secure Headers; W3C Content Security Policy Level 3; RFC 6797 (HSTS).
using KeyMeld.Gateway.Operators;

namespace KeyMeld.Gateway.Http;

/// <summary>What every answer says to browsers and caches, set last so that nothing can forget it. A page that needs another policy sets its own; it is not overwritten.</summary>
internal sealed class SecurityHeaders(Uri publicUrl)
{
    /// <summary>Of pages: their own scripts, styles and images, calls to this gateway, and nothing of anybody else.</summary>
    public const string PagePolicy =
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; base-uri 'none'; frame-ancestors 'none'; form-action 'none'";

    /// <summary>Of everything that is no page: shown as a document it may do nothing at all.</summary>
    public const string DataPolicy = "default-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'none'";

    private const string Off = "accelerometer=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), magnetometer=(), microphone=(), midi=(), payment=(), usb=()";
    private const string OneYear = "max-age=31536000";

    private readonly bool _isTls = publicUrl.Scheme == Uri.UriSchemeHttps;

    public void Attach(HttpContext context) => context.Response.OnStarting(state =>
    {
        Apply((HttpContext)state);
        return Task.CompletedTask;
    }, context);

    private void Apply(HttpContext context)
    {
        var headers = context.Response.Headers;
        headers.XContentTypeOptions = "nosniff";
        headers["Referrer-Policy"] = "no-referrer";
        headers["Permissions-Policy"] = Off;
        headers["Cross-Origin-Opener-Policy"] = "same-origin";
        headers["Cross-Origin-Resource-Policy"] = "same-origin";
        // The policy in a 304 would take the place of that of the page which the browser has kept (RFC 9111 section 4.3.4).
        if (headers.ContentSecurityPolicy.Count == 0 && context.Response.StatusCode != StatusCodes.Status304NotModified)
        {
            headers.ContentSecurityPolicy = context.Response.ContentType?.StartsWith("text/html", StringComparison.OrdinalIgnoreCase) == true ? PagePolicy : DataPolicy;
        }
        if (headers.CacheControl.Count == 0)
        {
            headers.CacheControl = "no-store";
        }
        // The operator's listener may be plain http:// on loopback, under a name that the public URL does not have.
        if (_isTls && !OperatorConnection.Is(context))
        {
            headers.StrictTransportSecurity = OneYear;
        }
    }
}
