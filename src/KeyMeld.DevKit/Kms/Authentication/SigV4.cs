// AWS Signature Version 4, "Create a signed request" steps 1 to 4 (AWS IAM user guide, create-signed-request).
using System.Security.Cryptography;
using System.Text;

namespace KeyMeld.DevKit.Kms.Authentication;

/// <summary>A request as the signature sees it. Header names are lower-case; values of one name are joined by commas in their order.</summary>
internal sealed record SignableRequest(string Method, string Path, string Query, IReadOnlyDictionary<string, string> Headers, ReadOnlyMemory<byte> Body);

/// <summary>The four pure steps of Signature Version 4.</summary>
internal static class SigV4
{
    public static string CanonicalRequest(SignableRequest request, IReadOnlyList<string> signedHeaders)
    {
        var text = new StringBuilder()
            .Append(request.Method).Append('\n')
            .Append(request.Path.Length == 0 ? "/" : request.Path).Append('\n')
            .Append(CanonicalQuery(request.Query)).Append('\n');
        foreach (var name in signedHeaders)
            text.Append(name).Append(':').Append(Collapse(request.Headers.GetValueOrDefault(name, ""))).Append('\n');
        return text.Append('\n')
            .AppendJoin(';', signedHeaders).Append('\n')
            .Append(Convert.ToHexStringLower(SHA256.HashData(request.Body.Span)))
            .ToString();
    }

    public static string StringToSign(string timestamp, string scope, string canonicalRequest) =>
        $"{AuthorizationHeader.Algorithm}\n{timestamp}\n{scope}\n{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(canonicalRequest)))}";

    public static byte[] SigningKey(string secretAccessKey, string date, string region, string service)
    {
        var key = HMACSHA256.HashData(Encoding.UTF8.GetBytes("AWS4" + secretAccessKey), Encoding.UTF8.GetBytes(date));
        foreach (var part in (ReadOnlySpan<string>)[region, service, "aws4_request"])
            key = HMACSHA256.HashData(key, Encoding.UTF8.GetBytes(part));
        return key;
    }

    public static string Signature(byte[] signingKey, string stringToSign) =>
        Convert.ToHexStringLower(HMACSHA256.HashData(signingKey, Encoding.UTF8.GetBytes(stringToSign)));

    private static string CanonicalQuery(string query)
    {
        var pairs = query.TrimStart('?').Split('&', StringSplitOptions.RemoveEmptyEntries).Select(pair =>
        {
            var equals = pair.IndexOf('=', StringComparison.Ordinal);
            var (name, value) = equals < 0 ? (pair, "") : (pair[..equals], pair[(equals + 1)..]);
            return (Name: Reencode(name), Value: Reencode(value));
        });
        var ordered = pairs.OrderBy(pair => pair.Name, StringComparer.Ordinal).ThenBy(pair => pair.Value, StringComparer.Ordinal);
        return string.Join('&', ordered.Select(pair => $"{pair.Name}={pair.Value}"));
    }

    private static string Reencode(string text) => Uri.EscapeDataString(Uri.UnescapeDataString(text));

    // Leading and trailing spaces go, runs of them become one.
    private static string Collapse(string value) => string.Join(' ', value.Split(' ', StringSplitOptions.RemoveEmptyEntries));
}
