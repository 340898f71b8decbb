using KeyMeld.Gateway.Http;

namespace KeyMeld.Gateway.OpenApi;

/// <summary>GET /openapi/v1.json: docs/api/openapi.json as this program was built with it.</summary>
internal static class ShowOpenApi
{
    private const string Resource = "openapi.json";

    public static readonly Operation Operation = new("openApi", Tags.Documents, "Get this document")
    {
        Description = "OpenAPI 3.1 of exactly the program that answers.",
        Replies = [new Reply(StatusCodes.Status200OK, "The document.")],
    };

    private static readonly Lazy<byte[]> Document = new(Read);

    public static Task HandleAsync(HttpContext context)
    {
        Answers.RequireNoQuery(context);
        var response = context.Response;
        response.ContentType = "application/json";
        response.ContentLength = Document.Value.Length;
        Headers.Set(response);
        return response.Body.WriteAsync(Document.Value, context.RequestAborted).AsTask();
    }

    private static byte[] Read()
    {
        using var stream = typeof(ShowOpenApi).Assembly.GetManifestResourceStream(Resource) ?? throw new InvalidOperationException($"The program was built without {Resource}.");
        var bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        return bytes;
    }
}
