using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using KeyMeld.Protocol.Errors;
using KeyMeld.Protocol.Ids;

namespace KeyMeld.Gateway.Http;

/// <summary>Small things every call needs.</summary>
internal static class Answers
{
    public static Task JsonAsync<T>(HttpContext context, int status, T value, JsonTypeInfo<T> type) => JsonAsync(context, status, JsonSerializer.SerializeToUtf8Bytes(value, type));

    /// <param name="bytes">JSON.</param>
    public static Task JsonAsync(HttpContext context, int status, byte[] bytes)
    {
        var response = context.Response;
        response.StatusCode = status;
        response.ContentType = "application/json";
        Headers.Set(response);
        var isRead = HttpMethods.IsGet(context.Request.Method) || HttpMethods.IsHead(context.Request.Method);
        if (isRead && ETags.AnswersUnchanged(context, ETags.Of(bytes)))
        {
            response.ContentType = null;
            return Task.CompletedTask;
        }
        response.ContentLength = bytes.Length;
        return response.Body.WriteAsync(bytes, context.RequestAborted).AsTask();
    }

    /// <summary>A hash in the path.</summary>
    /// <exception cref="KeyMeldException">bad_request: something else stands there.</exception>
    public static Hash32 HashOf(HttpContext context, string name) => Hash32.TryParse((string?)context.Request.RouteValues[name], out var hash)
        ? hash
        : throw new KeyMeldException(ErrorCodes.BadRequest, $"{name} in the path must be 64 lower-case hex digits.");

    /// <exception cref="KeyMeldException">bad_request: this call has no query.</exception>
    public static void RequireNoQuery(HttpContext context)
    {
        if (context.Request.QueryString.HasValue)
        {
            throw new KeyMeldException(ErrorCodes.BadRequest, "This call takes no query.");
        }
    }

    /// <summary>What is absent and what is not the caller's are answered alike.</summary>
    public static KeyMeldException Absent() => new(ErrorCodes.NotFound, "There is no such object, or it is not for this key.");
}
