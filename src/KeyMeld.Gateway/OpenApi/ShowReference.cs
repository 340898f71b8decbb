// Scalar, https://github.com/scalar/scalar, MIT.
using System.IO.Compression;
using KeyMeld.Gateway.Http;
using Scalar.AspNetCore;

namespace KeyMeld.Gateway.OpenApi;

/// <summary>
/// GET /docs: the OpenAPI document as pages to read. The script is the one in the Scalar package; page and start are our own, so that no script is inline and nothing comes from elsewhere.
/// </summary>
internal static class ShowReference
{
    // Scalar writes its styles into the page. Scripts and calls stay with this gateway.
    private const string Policy =
        "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; connect-src 'self'; img-src 'self' data:; base-uri 'none'; frame-ancestors 'none'; form-action 'none'";

    private const string Script = "text/javascript; charset=utf-8";

    private static readonly Document Page = Document.Embedded("docs/docs.html", "text/html; charset=utf-8");
    private static readonly Document Start = Document.Embedded("docs/docs.js", Script);
    private static readonly Document Library = new(Script, ReadLibrary);

    public static readonly Operation PageOperation = new("docs", Tags.Documents, "Read this document as pages")
    {
        Description = "An HTML page, with everything it needs from this gateway.",
        Replies = [new Reply(StatusCodes.Status200OK, "The page.", null, "text/html")],
    };

    public static readonly Operation StartOperation = new("docsStart", Tags.Documents, "Get the script that starts the pages")
    {
        Description = "Part of /docs.",
        Replies = [new Reply(StatusCodes.Status200OK, "The script.", null, "text/javascript")],
    };

    public static readonly Operation LibraryOperation = new("docsLibrary", Tags.Documents, "Get the script that shows the pages")
    {
        Description = "Part of /docs: Scalar's own script.",
        Replies = [new Reply(StatusCodes.Status200OK, "The script.", null, "text/javascript")],
    };

    public static Task PageAsync(HttpContext context)
    {
        context.Response.Headers.ContentSecurityPolicy = Policy;
        return Page.AnswerAsync(context);
    }

    public static Task StartAsync(HttpContext context) => Start.AnswerAsync(context);

    public static Task LibraryAsync(HttpContext context) => Library.AnswerAsync(context);

    private static byte[] ReadLibrary()
    {
        using var packed = new MemoryStream(Document.Read(typeof(ScalarOptions).Assembly, "ScalarStaticAssets.scalar.js"));
        using var unpacked = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionMode.Decompress))
        {
            gzip.CopyTo(unpacked);
        }
        return unpacked.ToArray();
    }
}
