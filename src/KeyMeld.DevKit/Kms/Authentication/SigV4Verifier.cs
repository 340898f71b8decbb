using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using KeyMeld.DevKit.Kms.Wire;

namespace KeyMeld.DevKit.Kms.Authentication;

/// <summary>Tells who signed a request, or refuses it with the error AWS gives.</summary>
internal sealed class SigV4Verifier(KmsCredentials credentials, string region, TimeProvider time)
{
    private const string Service = "kms";
    private const string TimestampFormat = "yyyyMMdd'T'HHmmss'Z'";
    private static readonly TimeSpan MaxSkew = TimeSpan.FromMinutes(5);

    public KmsCredential Verify(SignableRequest request)
    {
        if (!request.Headers.TryGetValue("authorization", out var header) || header.Length == 0)
            throw KmsFault.Common("MissingAuthenticationTokenException", "Missing Authentication Token");
        var authorization = AuthorizationHeader.Parse(header);
        var timestamp = CheckScope(authorization, request);
        CheckSignedHeaders(authorization, request);

        var credential = credentials.Find(authorization.AccessKeyId);
        if (credential is null || !FixedTimeEquals(credential.SessionToken ?? "", request.Headers.GetValueOrDefault("x-amz-security-token", "")))
            throw KmsFault.Common("UnrecognizedClientException", "The security token included in the request is invalid.");

        var toSign = SigV4.StringToSign(timestamp, authorization.Scope, SigV4.CanonicalRequest(request, authorization.SignedHeaders));
        var expected = SigV4.Signature(SigV4.SigningKey(credential.SecretAccessKey, authorization.Date, region, Service), toSign);
        if (!FixedTimeEquals(expected, authorization.Signature))
        {
            throw Invalid("The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. "
                + "Consult the service documentation for details.");
        }
        if (credential.Expires <= time.GetUtcNow())
            throw KmsFault.Common("ExpiredTokenException", "The security token included in the request is expired");
        return credential;
    }

    private string CheckScope(AuthorizationHeader authorization, SignableRequest request)
    {
        if (authorization.Terminator != "aws4_request")
            throw Invalid($"Credential should be scoped with a valid terminator: 'aws4_request', not '{authorization.Terminator}'.");
        if (authorization.Service != Service)
            throw Invalid($"Credential should be scoped to correct service: '{Service}'. ");
        if (authorization.Region != region)
            throw Invalid("Credential should be scoped to a valid region. ");

        if (!request.Headers.TryGetValue("x-amz-date", out var timestamp))
            throw Incomplete("Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.");
        if (!DateTimeOffset.TryParseExact(timestamp, TimestampFormat, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var signedAt))
            throw Incomplete($"Date must be in ISO-8601 'basic format'. Got '{timestamp}'. See http://en.wikipedia.org/wiki/ISO_8601");
        if (authorization.Date != timestamp[..8])
        {
            throw Invalid("Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: "
                + $"'{authorization.Date}' != '{timestamp[..8]}', from '{timestamp}'.");
        }

        var now = time.GetUtcNow();
        if (signedAt < now - MaxSkew)
            throw Invalid($"Signature expired: {timestamp} is now earlier than {Show(now - MaxSkew)} ({Show(now)} - 5 min.)");
        if (signedAt > now + MaxSkew)
            throw Invalid($"Signature not yet current: {timestamp} is still later than {Show(now + MaxSkew)} ({Show(now)} + 5 min.)");
        return timestamp;
    }

    private static void CheckSignedHeaders(AuthorizationHeader authorization, SignableRequest request)
    {
        var mustBeSigned = request.Headers.Keys.Where(name => name.StartsWith("x-amz-", StringComparison.Ordinal)).Append("host");
        foreach (var name in mustBeSigned.Where(name => !authorization.SignedHeaders.Contains(name)))
            throw Invalid($"'{name}' must be a 'SignedHeader' in the AWS Authorization.");
        if (!authorization.SignedHeaders.SequenceEqual(authorization.SignedHeaders.Order(StringComparer.Ordinal).Distinct()))
            throw Invalid("The names of SignedHeaders must be in order, each once.");
        // A name that is signed but not sent would let a later hop add it.
        foreach (var name in authorization.SignedHeaders.Where(name => !request.Headers.ContainsKey(name)))
            throw Invalid($"The signed header '{name}' is not in the request.");
    }

    private static bool FixedTimeEquals(string left, string right) =>
        CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(left), Encoding.UTF8.GetBytes(right));

    private static string Show(DateTimeOffset time) => time.ToString(TimestampFormat, CultureInfo.InvariantCulture);

    private static KmsFault Incomplete(string text) => KmsFault.Common("IncompleteSignatureException", text);

    private static KmsFault Invalid(string text) => KmsFault.Common("InvalidSignatureException", text);
}
