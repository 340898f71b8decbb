// protocol.md section 6, what anybody can check of a request: roster, requester, signature, signers in range. RequestVerifier checks the rest, with the session secret.
using KeyMeld.Protocol.Errors;
using KeyMeld.Protocol.Ids;
using KeyMeld.Protocol.Statements;
using KeyMeld.Secp256k1;

namespace KeyMeld.Protocol.Signing;

/// <summary>A request that somebody entitled to it signed; its items are not looked at.</summary>
/// <param name="Statement">The statement.</param>
/// <param name="Requester">The key that signed it; a cancel carries the same.</param>
public sealed record PublicRequest(Signed<SigningRequest> Statement, XOnlyPublicKey Requester)
{
    /// <summary>Verifies a request against what is public of its group.</summary>
    /// <param name="manifest">The manifest.</param>
    /// <param name="roster">ρ.</param>
    /// <param name="authKeys">Authorisation keys of all participants, in manifest order.</param>
    /// <param name="statement">The statement as received.</param>
    /// <exception cref="KeyMeldException"><c>statement_invalid</c>, <c>roster_mismatch</c> or <c>request_invalid</c>.</exception>
    public static PublicRequest Verify(Manifest manifest, Hash32 roster, IReadOnlyList<XOnlyPublicKey> authKeys, SignedStatement statement)
    {
        var read = Signed.Read<SigningRequest>(statement);
        if (read.Value.Roster != roster)
        {
            throw new KeyMeldException(ErrorCodes.RosterMismatch, "The request is for another roster.");
        }
        var requester = Signing.Requester.KeyOf(manifest, authKeys, read.Value);
        var verified = read.Verify(ErrorCodes.RequestInvalid, requester);
        return verified.Value.Signers[^1] < manifest.Participants.Count
            ? new PublicRequest(verified, requester)
            : throw new KeyMeldException(ErrorCodes.RequestInvalid, $"The group has no participant {verified.Value.Signers[^1]} to sign.");
    }
}
