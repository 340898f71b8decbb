// protocol.md section 6, "Rounds": what one node says, session-encrypted and signed by its statement or authorisation key.
using KeyMeld.Protocol.Ids;
using KeyMeld.Protocol.Sessions;
using KeyMeld.Protocol.Signing;
using KeyMeld.Protocol.Statements;
using KeyMeld.Secp256k1;

namespace KeyMeld.Protocol.Rounds;

/// <summary>Makes the round blobs of one node in one boot; enclaves and members at home do it alike.</summary>
/// <param name="node">The node.</param>
/// <param name="boot">Its boot.</param>
/// <param name="cipher">The group's cipher.</param>
/// <param name="key">The node's statement or authorisation key; stays the caller's.</param>
public sealed class RoundWriter(NodeId node, Id16 boot, SessionCipher cipher, SecretKey key)
{
    /// <summary>The public nonces of exactly this node's pairs.</summary>
    /// <param name="request">The request.</param>
    /// <param name="pairs">Its pairs.</param>
    /// <param name="attempt">The attempt.</param>
    /// <param name="nonces">One for each of the node's pairs, in their order.</param>
    public RoundBlobEnvelope Round1(VerifiedRequest request, PairMap pairs, int attempt, IReadOnlyList<PublicNonce> nonces)
    {
        var own = pairs.OfNode(request.PlaceOf(node));
        var entries = new Round1Entry[own.Count];
        for (var i = 0; i < entries.Length; i++)
        {
            var pair = pairs[own[i]];
            entries[i] = new Round1Entry(request.Items[pair.Item].Item, pair.Signer, nonces[i].Bytes.ToArray());
        }
        var roster = request.Roster.RosterHash;
        var blob = cipher.Encrypt(Purposes.Round1, Aad.Round1(roster, request.Digest, attempt, node), RoundEntries.Encode(entries));
        return RoundBlobEnvelope.Sign(Purposes.Round1, roster, request.Digest, attempt, node, boot, null, blob, key);
    }

    /// <summary>The partial signatures of this node's pairs of items that are not left out.</summary>
    /// <param name="prepared">The round-1 set they answer.</param>
    /// <param name="entries">As <see cref="NodeSigner.Sign"/> made them.</param>
    public RoundBlobEnvelope Round2(PreparedRound prepared, Round2Entry[] entries)
    {
        var (roster, digest) = (prepared.Request.Roster.RosterHash, prepared.Request.Digest);
        var blob = cipher.Encrypt(Purposes.Round2, Aad.Round2(roster, digest, prepared.Attempt, node, prepared.Tau), RoundEntries.Encode(entries));
        return RoundBlobEnvelope.Sign(Purposes.Round2, roster, digest, prepared.Attempt, node, boot, prepared.Tau, blob, key);
    }
}
