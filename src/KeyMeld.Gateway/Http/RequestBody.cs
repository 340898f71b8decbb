using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using KeyMeld.Protocol;
using KeyMeld.Protocol.Errors;
using Microsoft.AspNetCore.Http.Features;

namespace KeyMeld.Gateway.Http;

/// <summary>A body that was read whole and parsed strictly.</summary>
/// <param name="Bytes">As sent; an Authorization beside it covers them.</param>
internal sealed record RequestBody<T>(T Value, ReadOnlyMemory<byte> Bytes);

/// <summary>Reads bodies: JSON in UTF-8 of exactly the contract's members, bounded in size and, when large, in number.</summary>
internal sealed class BodyReader(int largeBodies) : IDisposable
{
    public const int LargeBytes = 1024 * 1024;

    // A statement is at most 64 KiB; base64 makes that a third more, signatures and names are small.
    public const int StatementBody = 128 * 1024;
    public const int KeygenBody = (Limits.TermsBytes * 3 / 2) + StatementBody;
    public const int SigningBody = (Limits.FrameBytes / 2 * 3) + StatementBody;

    private readonly SemaphoreSlim _large = new(largeBodies);

    /// <exception cref="KeyMeldException">media_type_unsupported, payload_too_large, busy or bad_request.</exception>
    public async Task<RequestBody<T>> ReadAsync<T>(HttpContext context, JsonTypeInfo<T> type, int mostBytes)
        where T : class
    {
        RequireJson(context.Request);
        context.Features.GetRequiredFeature<IHttpMaxRequestBodySizeFeature>().MaxRequestBodySize = mostBytes;
        var isLarge = context.Request.ContentLength is null or > LargeBytes && mostBytes > LargeBytes;
        if (isLarge && !await _large.WaitAsync(TimeSpan.FromSeconds(5), context.RequestAborted))
        {
            throw new KeyMeldException(ErrorCodes.Unavailable, "Too many large bodies are being sent at once.");
        }
        try
        {
            var bytes = await ReadBytesAsync(context, mostBytes);
            return new RequestBody<T>(Parse(bytes.Span, type), bytes);
        }
        finally
        {
            if (isLarge)
            {
                _large.Release();
            }
        }
    }

    public void Dispose() => _large.Dispose();

    private static void RequireJson(HttpRequest request)
    {
        var type = request.ContentType;
        var isJson = type is not null && (type.Equals("application/json", StringComparison.OrdinalIgnoreCase)
            || type.Replace(" ", "", StringComparison.Ordinal).Equals("application/json;charset=utf-8", StringComparison.OrdinalIgnoreCase));
        if (!isJson || request.Headers.ContentEncoding.Count > 0)
        {
            throw new KeyMeldException(ErrorCodes.MediaTypeUnsupported, "The body is not plain application/json.");
        }
    }

    private static async Task<ReadOnlyMemory<byte>> ReadBytesAsync(HttpContext context, int mostBytes)
    {
        using var body = new MemoryStream((int)Math.Min(context.Request.ContentLength ?? 4096, mostBytes));
        await context.Request.Body.CopyToAsync(body, context.RequestAborted);
        return body.GetBuffer().AsMemory(0, (int)body.Length);
    }

    private static T Parse<T>(ReadOnlySpan<byte> bytes, JsonTypeInfo<T> type)
    {
        try
        {
            return JsonSerializer.Deserialize(bytes, type) ?? throw new KeyMeldException(ErrorCodes.BadRequest, "The body is null.");
        }
        catch (JsonException exception)
        {
            throw new KeyMeldException(ErrorCodes.BadRequest, $"{exception.Path ?? "$"}: {Reason(exception.Message)}", exception);
        }
    }

    // The serializer names .NET types and adds the path; the contracts' converters say what a value must be.
    private static string Reason(string message)
    {
        var end = message.IndexOf(" Path:", StringComparison.Ordinal);
        var sentence = end < 0 ? message : message[..end];
        return sentence.Contains("KeyMeld.", StringComparison.Ordinal) || sentence.Contains("System.", StringComparison.Ordinal) ? "is not what this call takes here." : sentence;
    }
}
