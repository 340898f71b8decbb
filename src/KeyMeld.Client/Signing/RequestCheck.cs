using KeyMeld.Protocol.Errors;
using KeyMeld.Protocol.Ids;
using KeyMeld.Protocol.Sessions;
using KeyMeld.Protocol.Signing;
using KeyMeld.Protocol.Statements;

namespace KeyMeld.Client;

/// <summary>What this client adds to <see cref="RequestVerifier"/>.</summary>
internal static class RequestCheck
{
    /// <summary>Verifies what the gateway shows under the name of <paramref name="digest"/> against the group as recorded.</summary>
    /// <exception cref="KeyMeldException"><c>request_invalid</c>, <c>items_invalid</c>, <c>roster_mismatch</c>, <c>limit_exceeded</c>.</exception>
    public static VerifiedRequest Verify(Group group, Hash32 digest, SignedStatement statement, ReadOnlySpan<byte> sealedItems, SessionSecret session)
    {
        var request = RequestVerifier.Verify(group.Roster, statement, sealedItems, session);
        return request.Digest == digest ? request : throw new KeyMeldException(ErrorCodes.RequestInvalid, "The gateway shows another request than the one named.");
    }

    /// <summary>The enclaves that host a signer.</summary>
    public static IEnumerable<EnclaveKeys> HostsOf(VerifiedRequest request) =>
        request.Nodes.Where(node => node.Kind == NodeKind.Enclave).Select(node => request.Roster.Manifest.Value.Enclaves[node.Index]);
}
