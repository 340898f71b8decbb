using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using KeyMeld.DevKit.Kms.Authentication;

namespace KeyMeld.Tests.DevKit.Kms.Support;

/// <summary>A signed request in its parts, each of which a test may put wrong.</summary>
internal sealed record RawRequest(string Operation, string Body)
{
    public DateTimeOffset Time { get; init; } = DateTimeOffset.UtcNow;

    public string Region { get; init; } = "us-west-2";

    public string Service { get; init; } = "kms";

    public string Terminator { get; init; } = "aws4_request";

    public string? ScopeDate { get; init; }

    public string Query { get; init; } = "";

    public string ContentType { get; init; } = "application/x-amz-json-1.1";

    public string TargetPrefix { get; init; } = "TrentService.";

    /// <summary>Sent instead of <see cref="Body"/>, which stays what is signed.</summary>
    public string? SentBody { get; init; }

    /// <summary>Header names that are sent but left out of the signature.</summary>
    public IReadOnlyList<string> Unsigned { get; init; } = [];

    public IReadOnlyDictionary<string, string> MoreHeaders { get; init; } = new Dictionary<string, string>();

    /// <summary>The last word on the Authorization header; null leaves it out.</summary>
    public Func<string, string?> Authorization { get; init; } = header => header;
}

internal sealed record RawAnswer(HttpStatusCode Status, string ContentType, string? RequestId, string Text)
{
    public JsonElement Json => JsonDocument.Parse(Text).RootElement.Clone();

    public string? Code => Member("__type");

    /// <summary>The text of an error, from whichever member has it.</summary>
    public string? ErrorText => Member("message") ?? Member("Message");

    public bool HasLowerCaseMessage => Json.TryGetProperty("message", out _);

    private string? Member(string name) => Json.TryGetProperty(name, out var value) ? value.GetString() : null;
}

/// <summary>
/// Speaks to the emulator without an SDK: its own Signature Version 4, written from the specification and independent of the emulator's, and the
/// bytes of the answer.
/// </summary>
internal sealed class RawKms(Uri endpoint, KmsCredential credential)
{
    private static readonly HttpClient http = new();

    public Task<RawAnswer> CallAsync(string operation, string body) => SendAsync(new(operation, body));

    public async Task<RawAnswer> SendAsync(RawRequest request)
    {
        var timestamp = request.Time.ToString("yyyyMMdd'T'HHmmss'Z'", CultureInfo.InvariantCulture);
        var headers = new SortedDictionary<string, string>(StringComparer.Ordinal)
        {
            ["content-type"] = request.ContentType,
            ["host"] = endpoint.Authority,
            ["x-amz-date"] = timestamp,
            ["x-amz-target"] = request.TargetPrefix + request.Operation,
        };
        if (credential.SessionToken is not null)
            headers["x-amz-security-token"] = credential.SessionToken;
        foreach (var (name, value) in request.MoreHeaders)
            headers[name] = value;

        using var message = new HttpRequestMessage(HttpMethod.Post, new Uri(endpoint, "/" + request.Query))
        {
            Content = new ByteArrayContent(Encoding.UTF8.GetBytes(request.SentBody ?? request.Body)),
        };
        message.Content.Headers.TryAddWithoutValidation("Content-Type", request.ContentType);
        foreach (var (name, value) in headers.Where(header => header.Key is not ("content-type" or "host")))
            message.Headers.TryAddWithoutValidation(name, value);
        if (request.Authorization(Authorization(request, headers, timestamp)) is { } authorization)
            message.Headers.TryAddWithoutValidation("Authorization", authorization);

        using var response = await http.SendAsync(message, TestContext.Current.CancellationToken);
        return new(
            response.StatusCode,
            response.Content.Headers.ContentType?.ToString() ?? "",
            response.Headers.TryGetValues("x-amzn-RequestId", out var ids) ? ids.Single() : null,
            await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    private string Authorization(RawRequest request, SortedDictionary<string, string> headers, string timestamp)
    {
        var names = headers.Keys.Where(name => !request.Unsigned.Contains(name)).ToList();
        var date = request.ScopeDate ?? timestamp[..8];
        var scope = $"{date}/{request.Region}/{request.Service}/{request.Terminator}";
        var signedHeaders = string.Join(';', names);
        var canonicalHeaders = string.Concat(names.Select(name => $"{name}:{headers[name]}\n"));
        var canonical = $"POST\n/\n{request.Query.TrimStart('?')}\n{canonicalHeaders}\n{signedHeaders}\n{Hash(request.Body)}";
        var key = Encoding.UTF8.GetBytes("AWS4" + credential.SecretAccessKey);
        foreach (var part in new[] { date, request.Region, request.Service, request.Terminator, $"AWS4-HMAC-SHA256\n{timestamp}\n{scope}\n{Hash(canonical)}" })
            key = HMACSHA256.HashData(key, Encoding.UTF8.GetBytes(part));
        return $"AWS4-HMAC-SHA256 Credential={credential.AccessKeyId}/{scope}, SignedHeaders={signedHeaders}, Signature={Convert.ToHexStringLower(key)}";
    }

    private static string Hash(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
}
