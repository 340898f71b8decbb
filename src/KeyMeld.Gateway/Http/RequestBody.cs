using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using KeyMeld.Gateway.Configuration;
using KeyMeld.Protocol;
using KeyMeld.Protocol.Errors;
using Microsoft.AspNetCore.Http.Features;

namespace KeyMeld.Gateway.Http;

/// <summary>A body that was read whole and parsed strictly.</summary>
/// <param name="Bytes">As sent; an Authorization beside it covers them.</param>
internal sealed record RequestBody<T>(T Value, ReadOnlyMemory<byte> Bytes);

/// <summary>Reads bodies: JSON in UTF-8 of exactly the contract's members, bounded in size, time, memory altogether and, when large, in number; one address has a share of each.</summary>
internal sealed class BodyReader(LimitSettings limits, TimeProvider time) : IDisposable
{
    public const int LargeBytes = 1024 * 1024;

    /// <summary>One address may have this part of all bytes of bodies that are being read.</summary>
    public const int Shares = 8;

    private const int FirstBytes = 8 * 1024;
    private const int LargeTimes = 4;

    // A statement is at most 64 KiB; base64 makes that a third more, signatures and names are small.
    public const int StatementBody = 128 * 1024;
    public const int KeygenBody = (Limits.TermsBytes * 3 / 2) + StatementBody;
    public const int SigningBody = (Limits.FrameBytes / 2 * 3) + StatementBody;

    private readonly SemaphoreSlim _large = new(limits.LargeBodies);
    private readonly Places<UInt128> _largeOfAddress = new(int.MaxValue, Math.Max(1, limits.LargeBodies / 2));
    private readonly Places<UInt128> _bytes = new(limits.BodyBytes, limits.BodyBytes / Shares);

    /// <exception cref="KeyMeldException">media_type_unsupported, payload_too_large, rate_limited, unavailable, timeout or bad_request.</exception>
    public async Task<RequestBody<T>> ReadAsync<T>(HttpContext context, JsonTypeInfo<T> type, int mostBytes)
        where T : class
    {
        RequireJson(context.Request);
        context.Features.GetRequiredFeature<IHttpMaxRequestBodySizeFeature>().MaxRequestBodySize = mostBytes;
        var isLarge = context.Request.ContentLength is null or > LargeBytes && mostBytes > LargeBytes;
        using var place = TakePlace(context, isLarge, mostBytes);
        if (isLarge && !await _large.WaitAsync(TimeSpan.FromSeconds(5), context.RequestAborted))
        {
            throw new KeyMeldException(ErrorCodes.Unavailable, "Too many large bodies are being sent at once.");
        }
        try
        {
            var bytes = await ReadBytesAsync(context, isLarge ? LargeTimes * limits.BodyTime : limits.BodyTime);
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

    /// <summary>Addresses that bodies are being read from now: small ones, and large ones.</summary>
    public (int Small, int Large) Callers => (_bytes.Callers, _largeOfAddress.Callers);

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

    // What is announced is reserved before a byte of it is read: nobody fills the memory by many bodies that never end.
    private IDisposable TakePlace(HttpContext context, bool isLarge, int mostBytes)
    {
        var caller = Caller.Of(context);
        var place = isLarge ? _largeOfAddress.TryTake(caller) : _bytes.TryTake(caller, Math.Max(1, Math.Min(context.Request.ContentLength ?? mostBytes, mostBytes)));
        return place ?? throw new KeyMeldException(ErrorCodes.RateLimited, "Too many bodies are being sent at once from this address, or altogether.");
    }

    private async Task<ReadOnlyMemory<byte>> ReadBytesAsync(HttpContext context, TimeSpan longest)
    {
        using var over = new CancellationTokenSource(longest, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(over.Token, context.RequestAborted);
        // Memory for what has come, not for what was announced.
        using var body = new MemoryStream((int)Math.Min(context.Request.ContentLength ?? FirstBytes, FirstBytes));
        try
        {
            await context.Request.Body.CopyToAsync(body, either.Token);
        }
        catch (OperationCanceledException) when (over.IsCancellationRequested)
        {
            throw new KeyMeldException(ErrorCodes.Timeout, "The body came too slowly.");
        }
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
            throw new KeyMeldException(ErrorCodes.BadRequest, JsonFaults.Describe(exception), exception);
        }
    }
}
