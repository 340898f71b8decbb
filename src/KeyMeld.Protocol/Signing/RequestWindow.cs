// protocol.md section 6: created - 2 min <= now <= expires; sign_until of the manifest ends signing. Checked at Open, at Sign and when approving, not at Combine.
using KeyMeld.Protocol.Errors;
using KeyMeld.Protocol.Statements;

namespace KeyMeld.Protocol.Signing;

/// <summary>The time rule.</summary>
public static class RequestWindow
{
    /// <summary>Refuses a request out of its time.</summary>
    /// <param name="manifest">The group's manifest.</param>
    /// <param name="request">The request.</param>
    /// <param name="nowMs">The receiver's own time, Unix milliseconds.</param>
    /// <exception cref="KeyMeldException"><c>not_yet_valid</c>, <c>expired</c> or <c>signing_closed</c>.</exception>
    public static void Check(Manifest manifest, SigningRequest request, long nowMs) => Check(manifest.SignUntil, request.Created, request.Expires, nowMs);

    /// <summary>Refuses a request out of its time.</summary>
    /// <param name="signUntil">The manifest's <c>sign_until</c>.</param>
    /// <param name="created">When the request was made, Unix milliseconds.</param>
    /// <param name="expires">Until when it may be signed, Unix milliseconds.</param>
    /// <param name="nowMs">The receiver's own time, Unix milliseconds.</param>
    /// <exception cref="KeyMeldException"><c>not_yet_valid</c>, <c>expired</c> or <c>signing_closed</c>.</exception>
    public static void Check(long? signUntil, long created, long expires, long nowMs)
    {
        Check(created, expires, nowMs);
        if (signUntil is { } until && nowMs > until)
        {
            throw new KeyMeldException(ErrorCodes.SigningClosed, "The group's time to sign is over.");
        }
    }

    /// <summary>Refuses a single-sign out of its time.</summary>
    /// <param name="request">The statement.</param>
    /// <param name="nowMs">The receiver's own time, Unix milliseconds.</param>
    /// <exception cref="KeyMeldException"><c>not_yet_valid</c> or <c>expired</c>.</exception>
    public static void Check(SingleSign request, long nowMs) => Check(request.Created, request.Expires, nowMs);

    private static void Check(long created, long expires, long nowMs)
    {
        if (nowMs < created - (long)Limits.RequestSkew.TotalMilliseconds)
        {
            throw new KeyMeldException(ErrorCodes.NotYetValid, "The request is dated in the future.");
        }
        if (nowMs > expires)
        {
            throw new KeyMeldException(ErrorCodes.Expired, "The request has expired.");
        }
    }
}
