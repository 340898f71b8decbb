// protocol.md sections 6 and 10: everything about a request that does not depend on approvals or time.
using KeyMeld.Protocol.Errors;
using KeyMeld.Protocol.Groups;
using KeyMeld.Protocol.Ids;
using KeyMeld.Protocol.Sessions;
using KeyMeld.Protocol.Statements;
using KeyMeld.Secp256k1;

namespace KeyMeld.Protocol.Signing;

/// <summary>Holds a request against its roster; enclaves, home nodes and approvers do it alike.</summary>
public static class RequestVerifier
{
    /// <summary>Verifies a request and its items.</summary>
    /// <param name="roster">The group.</param>
    /// <param name="request">The statement as received.</param>
    /// <param name="items">The sealed items.</param>
    /// <param name="secret">The session secret; not kept.</param>
    /// <exception cref="KeyMeldException"><c>statement_invalid</c>, <c>roster_mismatch</c>, <c>request_invalid</c>, <c>items_invalid</c> or <c>limit_exceeded</c>.</exception>
    public static VerifiedRequest Verify(Roster roster, SignedStatement request, ReadOnlySpan<byte> items, SessionSecret secret) =>
        Verify(roster, VerifyStatement(roster, request), items, new SessionCipher(secret, roster.ManifestHash));

    /// <summary>Verifies the statement alone, before anybody opens the items.</summary>
    /// <param name="roster">The group.</param>
    /// <param name="request">The statement as received.</param>
    /// <exception cref="KeyMeldException"><c>statement_invalid</c>, <c>roster_mismatch</c> or <c>request_invalid</c>.</exception>
    public static Signed<SigningRequest> VerifyStatement(Roster roster, SignedStatement request) =>
        PublicRequest.Verify(roster.Manifest.Value, roster.RosterHash, [.. roster.Members.Select(member => member.Auth)], request).Statement;

    /// <summary>Verifies the items of a verified statement.</summary>
    /// <param name="roster">The group the statement was verified for.</param>
    /// <param name="request">The statement.</param>
    /// <param name="items">The sealed items.</param>
    /// <param name="cipher">The group's cipher.</param>
    /// <exception cref="KeyMeldException"><c>request_invalid</c>, <c>items_invalid</c> or <c>limit_exceeded</c>.</exception>
    public static VerifiedRequest Verify(Roster roster, Signed<SigningRequest> request, ReadOnlySpan<byte> items, SessionCipher cipher) =>
        Match(roster, request, RequesterOf(roster, request.Value), SealedItems.Open(cipher, request.Value, items));

    private static XOnlyPublicKey RequesterOf(Roster roster, SigningRequest request) =>
        Requester.KeyOf(roster.Manifest.Value, [.. roster.Members.Select(member => member.Auth)], request);

    private static VerifiedRequest Match(Roster roster, Signed<SigningRequest> request, XOnlyPublicKey requester, SigningItem[] items)
    {
        if (items.Length != request.Value.Items)
        {
            throw Invalid($"The request is for {request.Value.Items} items and comes with {items.Length}.");
        }
        var signers = new IReadOnlyList<int>[items.Length];
        var chains = new Dictionary<(Id16?, Hash32), KeyAggregation>();
        var keys = new KeyAggregation[items.Length];
        var shares = 0;
        for (var i = 0; i < items.Length; i++)
        {
            signers[i] = roster.SignersOf(items[i].Subset);
            shares += signers[i].Count;
            var chain = (items[i].Subset, roster.ChainOf(items[i].Subset, items[i].Tweaks).Hash);
            if (!chains.TryGetValue(chain, out var known))
            {
                Limit(chains.Count + 1, Limits.DistinctKeys, "distinct pairs of subset and tweaks");
                chains.Add(chain, known = roster.KeysOf(items[i].Subset, items[i].Tweaks));
            }
            keys[i] = known;
        }
        Limit(shares, Limits.ItemSigners, "pairs of item and signer");
        if (!request.Value.Signers.SequenceEqual(signers.Distinct().SelectMany(some => some).Distinct().Order()))
        {
            throw Invalid("The request's signers are not exactly those of its items.");
        }
        if (Array.Find(items, item => !AdaptorProof.Verify(roster.RosterHash, request.Value.Signing, item)) is { } unproven)
        {
            throw new KeyMeldException(ErrorCodes.ItemsInvalid, $"A point of the item {unproven.Item} comes without a proof that its secret is known.");
        }
        return new VerifiedRequest(roster, request, requester, items, signers, keys);
    }

    private static void Limit(int count, int limit, string what)
    {
        if (count > limit)
        {
            throw new KeyMeldException(ErrorCodes.LimitExceeded, $"The request has {count} {what}, over the limit of {limit}.");
        }
    }

    private static KeyMeldException Invalid(string message) => new(ErrorCodes.RequestInvalid, message);
}
