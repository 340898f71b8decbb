using System.Security.Cryptography;
using System.Text;
using KeyMeld.Gateway.Configuration;
using KeyMeld.Protocol.Errors;
using Microsoft.Net.Http.Headers;

namespace KeyMeld.Gateway.Operators;

/// <summary>Lets in who has the operator's bearer token. Only its SHA-256 is known here.</summary>
internal sealed class OperatorGate(GatewaySettings settings)
{
    private const string Bearer = "Bearer ";

    /// <exception cref="KeyMeldException">not_found: no token is configured, so that the operator's calls do not exist; unauthorized: it is not the token.</exception>
    public void Require(HttpContext context)
    {
        if (settings.OperatorTokenHash is not { } expected)
        {
            throw new KeyMeldException(ErrorCodes.NotFound, "There is nothing at this path.");
        }
        var header = context.Request.Headers[HeaderNames.Authorization].ToString();
        var token = header.StartsWith(Bearer, StringComparison.Ordinal) ? header[Bearer.Length..] : "";
        if (!CryptographicOperations.FixedTimeEquals(SHA256.HashData(Encoding.UTF8.GetBytes(token)), expected.AsSpan()))
        {
            throw new KeyMeldException(ErrorCodes.Unauthorized, "This call needs the operator's bearer token.");
        }
    }
}
