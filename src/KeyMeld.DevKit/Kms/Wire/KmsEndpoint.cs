// AWS JSON 1.1: POST / with X-Amz-Target `TrentService.<Operation>` (kms-nitro.md section 2.2).
using System.Net;
using System.Text.Json;
using KeyMeld.DevKit.Kms.Auditing;
using KeyMeld.DevKit.Kms.Authentication;
using KeyMeld.DevKit.Kms.Operations;

namespace KeyMeld.DevKit.Kms.Wire;

/// <summary>Takes requests off the wire, finds out who asks, lets the operation answer, records it and writes the answer.</summary>
internal sealed class KmsEndpoint(KmsService service, SigV4Verifier verifier, KmsEventLog log, ILogger logger)
{
    public const int MaxRequestBytes = 1 << 20;

    private const string ContentType = "application/x-amz-json-1.1";
    private const string TargetPrefix = "TrentService.";

    /// <summary>For tests only: replaces an answer on its way out; null drops the connection.</summary>
    public Func<KmsExchange, Task<KmsAnswer?>>? Interceptor { get; set; }

    public async Task HandleAsync(HttpContext http)
    {
        var requestId = AwsIds.Uuid();
        var entry = new KmsEvent(requestId, service.Time.GetUtcNow());
        var body = await ReadBodyAsync(http);
        var answer = Answer(http, body, entry);
        log.Append(entry);
        if (Interceptor is { } intercept)
        {
            if (await intercept(new(http, entry.Operation, body, answer)) is not { } replacement)
            {
                http.Abort();
                return;
            }
            answer = replacement;
        }
        http.Response.StatusCode = answer.Status;
        http.Response.ContentType = ContentType;
        http.Response.ContentLength = answer.Body.Length;
        http.Response.Headers["x-amzn-RequestId"] = requestId;
        await http.Response.Body.WriteAsync(answer.Body, http.RequestAborted);
    }

    private KmsAnswer Answer(HttpContext http, byte[]? body, KmsEvent entry)
    {
        try
        {
            var operation = OperationOf(http, entry);
            if (body is null)
                throw KmsFault.Common("RequestEntityTooLargeException", $"A request has at most {MaxRequestBytes} bytes.");
            entry.Caller = verifier.Verify(Signable(http.Request, body));
            using var document = Parse(body);
            return KmsAnswer.Success(operation(new KmsCall(service, new RequestReader(document.RootElement), entry.Caller, entry)));
        }
        catch (KmsFault fault)
        {
            entry.Fault = fault;
        }
        catch (Exception exception) when (exception is not OutOfMemoryException)
        {
            logger.LogError(exception, "{Operation} failed", entry.Operation);
            entry.Fault = KmsFault.Internal();
        }
        return KmsAnswer.Failure(entry.Fault);
    }

    private static Func<KmsCall, System.Text.Json.Nodes.JsonObject?> OperationOf(HttpContext http, KmsEvent entry)
    {
        var target = http.Request.Headers["X-Amz-Target"].ToString();
        if (http.Request.Method != HttpMethods.Post || http.Request.Path != "/"
            || http.Request.ContentType is not { } type || !type.StartsWith(ContentType, StringComparison.OrdinalIgnoreCase)
            || !target.StartsWith(TargetPrefix, StringComparison.Ordinal)
            || !KmsService.Operations.TryGetValue(target[TargetPrefix.Length..], out var operation))
        {
            throw KmsFault.UnknownOperation();
        }
        entry.Operation = target[TargetPrefix.Length..];
        return operation;
    }

    private static JsonDocument Parse(byte[] body)
    {
        try
        {
            var document = JsonDocument.Parse(body, new JsonDocumentOptions { AllowDuplicateProperties = false, MaxDepth = 16 });
            if (document.RootElement.ValueKind == JsonValueKind.Object)
                return document;
            document.Dispose();
        }
        // A member's name with half a surrogate pair is an InvalidOperationException when duplicates are looked for.
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
        }
        throw KmsFault.Serialization("The request is not a JSON object.");
    }

    private static SignableRequest Signable(HttpRequest request, byte[] body) => new(
        request.Method,
        request.Path.Value ?? "/",
        request.QueryString.Value ?? "",
        request.Headers.ToDictionary(header => header.Key.ToLowerInvariant(), header => string.Join(',', header.Value.ToArray()), StringComparer.Ordinal),
        body);

    private static async Task<byte[]?> ReadBodyAsync(HttpContext http)
    {
        try
        {
            using var buffer = new MemoryStream();
            await http.Request.Body.CopyToAsync(buffer, http.RequestAborted);
            return buffer.ToArray();
        }
        catch (BadHttpRequestException exception) when (exception.StatusCode == (int)HttpStatusCode.RequestEntityTooLarge)
        {
            return null;
        }
    }
}
