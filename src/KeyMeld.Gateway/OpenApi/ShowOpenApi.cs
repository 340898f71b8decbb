using KeyMeld.Gateway.Http;

namespace KeyMeld.Gateway.OpenApi;

/// <summary>GET /openapi/v1.json: docs/api/openapi.json as this program was built with it.</summary>
internal static class ShowOpenApi
{
    public static readonly Operation Operation = new("openApi", Tags.Documents, "Get this document")
    {
        Description = "OpenAPI 3.1 of exactly the program that answers.",
        Replies = [new Reply(StatusCodes.Status200OK, "The document.")],
    };

    private static readonly Document Document = Document.Embedded("openapi.json", "application/json");

    public static Task HandleAsync(HttpContext context) => Document.AnswerAsync(context);
}
