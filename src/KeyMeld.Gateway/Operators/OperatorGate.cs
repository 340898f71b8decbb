using System.Net;
using System.Security.Cryptography;
using System.Text;
using KeyMeld.Gateway.Configuration;
using KeyMeld.Protocol.Errors;
using Microsoft.Net.Http.Headers;

namespace KeyMeld.Gateway.Operators;

/// <summary>
/// Lets operators in, and nobody else. An operator is who has the bearer token (only its SHA-256 is known here), whose connection came in on the operator's own listener, or, in
/// development, who sits at this machine. Every call that shows or changes what is the operator's asks here first: <c>parts.Operators.Require(context)</c>.
/// </summary>
internal sealed class OperatorGate(GatewaySettings settings)
{
    private const string Bearer = "Bearer ";

    /// <summary>Returns when the caller is an operator.</summary>
    /// <param name="context">The call, before anything of it is read or answered.</param>
    /// <remarks>
    /// A bearer token that is sent has to be right, wherever the call comes from. Without one these are admitted:
    /// on the operator's listener, peers on loopback, its unix socket or one of its networks;
    /// on the main listener in development, peers on loopback that no proxy speaks for, to look (GET), and to order as long as no token is configured.
    /// Of those, calls that a browser makes for a page of another origin are refused.
    /// </remarks>
    /// <exception cref="KeyMeldException">unauthorized: it is not the token, or there is none and the place does not do; not_found: there is no token, so that here the operator's calls do not exist.</exception>
    public void Require(HttpContext context)
    {
        if (settings.OperatorTokenHash is { } expected && context.Request.Headers[HeaderNames.Authorization] is { Count: > 0 } sent)
        {
            RequireToken(sent.ToString(), expected.AsSpan());
            return;
        }
        if (!IsInPlace(context))
        {
            throw settings.OperatorTokenHash is null
                ? new KeyMeldException(ErrorCodes.NotFound, "There is nothing at this path.")
                : Unauthorized("This call needs the operator's bearer token.");
        }
        if (OwnPage.Refuse(context.Request, settings.OperatorListener?.Hosts ?? []) is { } reason)
        {
            throw Unauthorized(reason);
        }
    }

    private bool IsInPlace(HttpContext context) => OperatorConnection.Is(context)
        ? context.Connection.RemoteIpAddress is not { } peer || IPAddress.IsLoopback(peer) || Networks.Have(settings.OperatorListener!.Networks, peer)
        : !settings.Production && IsAtThisMachine(context) && (settings.OperatorTokenHash is null || HttpMethods.IsGet(context.Request.Method));

    // A peer whose address is not known is none.
    private static bool IsAtThisMachine(HttpContext context) => context.Connection.RemoteIpAddress is { } peer && IPAddress.IsLoopback(peer)
        && !context.Request.Headers.Keys.Any(name => name.StartsWith("X-Forwarded-", StringComparison.OrdinalIgnoreCase)
            || name.Equals("Forwarded", StringComparison.OrdinalIgnoreCase) || name.Equals("X-Real-IP", StringComparison.OrdinalIgnoreCase) || name.Equals(HeaderNames.Via, StringComparison.OrdinalIgnoreCase));

    private static void RequireToken(string header, ReadOnlySpan<byte> expected)
    {
        var token = header.StartsWith(Bearer, StringComparison.Ordinal) ? header[Bearer.Length..] : "";
        if (!CryptographicOperations.FixedTimeEquals(SHA256.HashData(Encoding.UTF8.GetBytes(token)), expected))
        {
            throw Unauthorized("This call needs the operator's bearer token.");
        }
    }

    private static KeyMeldException Unauthorized(string detail) => new(ErrorCodes.Unauthorized, detail);
}
