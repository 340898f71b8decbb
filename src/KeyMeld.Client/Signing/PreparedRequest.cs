using KeyMeld.Protocol.Http;
using KeyMeld.Protocol.Signing;

namespace KeyMeld.Client;

/// <summary>
/// A signed request, stored in the profile and not yet (or not surely) posted: <see cref="SigningOperations.SubmitAsync"/> posts it, the same bytes each time, so that after a lost
/// answer nothing is signed twice under two names.
/// </summary>
public sealed class PreparedRequest
{
    internal PreparedRequest(SigningReference reference, VerifiedRequest request, byte[] sealedItems) => (Reference, Request, Sealed) = (reference, request, sealedItems);

    /// <summary>How the other members call it.</summary>
    public SigningReference Reference { get; }

    /// <summary>When it ends.</summary>
    public DateTimeOffset Expires => UnixTime.ToDate(Request.Value.Expires);

    /// <summary>
    /// Places of items with an adaptor whose message is also signed plain in this request. Whoever gets the plain signature needs no secret: that is hardly ever what is wanted.
    /// </summary>
    public IReadOnlyList<int> AlsoSignedPlain => AdaptorRules.AlsoSignedPlain(Request.Items);

    internal VerifiedRequest Request { get; }

    internal byte[] Sealed { get; }

    /// <summary>Whether the profile has a record of it.</summary>
    internal bool IsRecorded { get; init; } = true;

    /// <summary>Whether the gateway may have seen it.</summary>
    internal bool MayBePosted { get; set; }

    internal SigningPostJson ToJson() => new(SignedJson.Of(Request.Request.Statement), Sealed);
}
