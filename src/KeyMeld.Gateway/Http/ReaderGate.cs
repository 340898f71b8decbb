// protocol.md section 9: Authorization of reading calls.
using KeyMeld.Gateway.Storage;
using KeyMeld.Protocol.Errors;
using KeyMeld.Protocol.Http;
using KeyMeld.Secp256k1;
using Microsoft.Net.Http.Headers;

namespace KeyMeld.Gateway.Http;

/// <summary>Says which key makes a call. Whether that key may read is for the object to say.</summary>
internal sealed class ReaderGate(Uri publicUrl, IReplayStore replay, CallLimits limits, TimeProvider time)
{
    private readonly string _authority = RequestAuthorization.Authority(publicUrl);

    /// <summary>The calling key; null where the call carries no Authorization at all.</summary>
    /// <exception cref="KeyMeldException">unauthorized: it carries one that is not valid for this very call, or was used before; rate_limited: this key makes too many calls.</exception>
    public async Task<XOnlyPublicKey?> FindAsync(HttpContext context, ReadOnlyMemory<byte> body)
    {
        var header = context.Request.Headers[HeaderNames.Authorization];
        return header.Count == 0 ? null : await VerifyAsync(context, header.Count == 1 ? header[0] : null, body);
    }

    /// <exception cref="KeyMeldException">unauthorized.</exception>
    public async Task<XOnlyPublicKey> RequireAsync(HttpContext context) =>
        await FindAsync(context, ReadOnlyMemory<byte>.Empty) ?? throw Unauthorized("This call needs an Authorization of a key that may read the object.");

    private async Task<XOnlyPublicKey> VerifyAsync(HttpContext context, string? header, ReadOnlyMemory<byte> body)
    {
        if (!RequestAuthorization.TryParse(header, out var authorization) || authorization is null)
        {
            throw Unauthorized("The Authorization header is not of the form KeyMeld key=…,ts=…,nonce=…,sig=….");
        }
        if (!authorization.IsTimely(time.GetUtcNow().ToUnixTimeMilliseconds()))
        {
            throw Unauthorized("The time of the Authorization is more than 60 seconds off.");
        }
        if (!authorization.Verify(context.Request.Method, _authority, TargetGuard.Of(context), body.Span))
        {
            throw Unauthorized("The Authorization is not signed for this method, address, path, query and body.");
        }
        // Last, so that nobody can use up what is not theirs. As long as its time is valid it is remembered.
        var forget = DateTimeOffset.FromUnixTimeMilliseconds(authorization.Timestamp + (2 * RequestAuthorization.ToleranceMs));
        if (!await replay.TryUseAsync(authorization.Key.Bytes.ToArray(), authorization.Nonce.ToArray(), forget))
        {
            throw Unauthorized("This Authorization was used before.");
        }
        limits.Key(authorization.Key);
        return authorization.Key;
    }

    private static KeyMeldException Unauthorized(string detail) => new(ErrorCodes.Unauthorized, detail);
}
