// AWS Signature Version 4, "Authenticating requests: the Authorization header" (AWS IAM user guide, create-signed-request).
using KeyMeld.DevKit.Kms.Wire;

namespace KeyMeld.DevKit.Kms.Authentication;

/// <summary>The parts of `AWS4-HMAC-SHA256 Credential=key/date/region/service/aws4_request, SignedHeaders=a;b, Signature=hex`.</summary>
internal sealed record AuthorizationHeader(
    string AccessKeyId, string Date, string Region, string Service, string Terminator, IReadOnlyList<string> SignedHeaders, string Signature)
{
    public const string Algorithm = "AWS4-HMAC-SHA256";

    public string Scope => $"{Date}/{Region}/{Service}/{Terminator}";

    public static AuthorizationHeader Parse(string header)
    {
        if (header != Algorithm && !header.StartsWith(Algorithm + " ", StringComparison.Ordinal))
            throw Incomplete($"Unsupported AWS 'algorithm': '{header.Split(' ')[0]}'");
        var parts = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var part in header[Algorithm.Length..].Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            var equals = part.IndexOf('=', StringComparison.Ordinal);
            if (equals < 0)
                throw Incomplete($"'{part}' not a valid key=value pair (missing equal-sign) in Authorization header: '{header}'.");
            if (!parts.TryAdd(part[..equals], part[(equals + 1)..]))
                throw Incomplete($"'{part[..equals]}' appears twice in Authorization header.");
        }
        foreach (var name in (ReadOnlySpan<string>)["Credential", "Signature", "SignedHeaders"])
        {
            if (!parts.TryGetValue(name, out var value) || value.Length == 0)
                throw Incomplete($"Authorization header requires '{name}' parameter. Authorization={Algorithm}");
        }
        var credential = parts["Credential"].Split('/');
        return credential.Length == 5
            ? new(credential[0], credential[1], credential[2], credential[3], credential[4], parts["SignedHeaders"].Split(';'), parts["Signature"])
            : throw Incomplete($"Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got '{parts["Credential"]}'");
    }

    private static KmsFault Incomplete(string text) => KmsFault.Common("IncompleteSignatureException", text);
}
