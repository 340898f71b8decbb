// protocol.md section 6: a participant may request, the creator only where the manifest says creator_requests.
using KeyMeld.Protocol.Errors;
using KeyMeld.Protocol.Statements;
using KeyMeld.Secp256k1;

namespace KeyMeld.Protocol.Signing;

/// <summary>Whose signature a request and its cancel carry.</summary>
public static class Requester
{
    /// <summary>The key of whoever a request says it is by.</summary>
    /// <param name="manifest">The manifest.</param>
    /// <param name="authKeys">Authorisation keys in manifest order.</param>
    /// <param name="request">The request, still unverified.</param>
    /// <exception cref="KeyMeldException"><c>request_invalid</c>.</exception>
    public static XOnlyPublicKey KeyOf(Manifest manifest, IReadOnlyList<XOnlyPublicKey> authKeys, SigningRequest request)
    {
        if (request.By is { } index)
        {
            return index < authKeys.Count ? authKeys[index] : throw new KeyMeldException(ErrorCodes.RequestInvalid, $"The group has no participant {index} to request.");
        }
        return manifest.CreatorRequests ? manifest.Creator : throw new KeyMeldException(ErrorCodes.RequestInvalid, "The creator of this group may not request.");
    }
}
