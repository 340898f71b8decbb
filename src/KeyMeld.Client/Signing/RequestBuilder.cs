// protocol.md section 6, "Request", from the requester's side.
using KeyMeld.Protocol;
using KeyMeld.Protocol.Errors;
using KeyMeld.Protocol.Ids;
using KeyMeld.Protocol.Sessions;
using KeyMeld.Protocol.Signing;
using KeyMeld.Protocol.Statements;
using KeyMeld.Secp256k1;

namespace KeyMeld.Client;

/// <summary>Makes a signed request over a group. Pure but for randomness: nothing is stored or sent.</summary>
internal static class RequestBuilder
{
    public static PreparedRequest Build(Group group, IReadOnlyList<SigningContent> contents, RequestOptions options, SessionSecret session, SecretKey requester, long now)
    {
        Check(group, contents, options);
        var items = contents.Select(content => new SigningItem
        {
            Item = content.Adaptor is Adaptor.All { Challenge.Item: var proven } ? proven : Id16.Random(),
            Message = content.Message,
            Subset = content.Subset,
            Tweaks = content.Tweaks,
            Adaptor = content.Adaptor?.Point,
            Points = content.Adaptor is Adaptor.All all ? [.. all.Challenge.Points.Zip(all.Proofs, (point, proof) => new AdaptorPoint(point, proof))] : [],
            Context = content.Preimage is { } data ? ItemContexts.OfPreimage(data) : null,
        }).ToList();
        var signing = AdaptorRules.SigningIdOf(group, contents) ?? Id16.Random();
        var sealedItems = SealedItems.Seal(new SessionCipher(session, group.Id), group.RosterHash, signing, items);
        var request = StatementSigner.Sign(
            new SigningRequest
            {
                Roster = group.RosterHash,
                Signing = signing,
                By = options.AsCreator ? null : group.MyIndex,
                Created = now,
                Expires = now + (long)options.Lifetime.TotalMilliseconds,
                Items = items.Count,
                Signers = SignersOf(group, contents),
                Sealed = Hash32.Sha256(sealedItems),
            },
            requester);
        // What the others will check is checked here first, by the same code.
        var verified = RequestVerifier.Verify(group.Roster, request.Statement, sealedItems, session);
        return new PreparedRequest(new SigningReference(group.Gateway, group.Id, verified.Digest), verified, sealedItems) { IsRecorded = options.Recorded };
    }

    /// <summary>Whether the group lets this profile ask, and for this.</summary>
    private static void Check(Group group, IReadOnlyList<SigningContent> contents, RequestOptions options)
    {
        if (contents.Count is < 1 or > Limits.Items)
        {
            throw new KeyMeldException(ErrorCodes.LimitExceeded, $"A request has 1 to {Limits.Items} items, not {contents.Count}.");
        }
        if (options.Lifetime <= TimeSpan.Zero || options.Lifetime > Limits.RequestLifetime)
        {
            throw new KeyMeldException(ErrorCodes.RequestInvalid, "A request lives longer than nothing and at most 24 hours.");
        }
        if (options.AsCreator ? !(group.IsCreator && group.CreatorRequests) : group.MyIndex is null)
        {
            throw new KeyMeldException(ErrorCodes.RequestInvalid, options.AsCreator ? "The group's creator may not request signatures, or is somebody else." : "This profile has no place in the group.");
        }
        var subsets = group.Subsets.Select(subset => subset.Id).ToHashSet();
        if (contents.FirstOrDefault(content => content.Subset is { } id && !subsets.Contains(id)) is { } lost)
        {
            throw new KeyMeldException(ErrorCodes.RequestInvalid, $"The group has no subset {lost.Subset}.");
        }
        Chains.RefuseRaw(contents.Select(content => content.Tweaks).OfType<TweakChain>(), options.AllowRawTweaks, "Set AllowRawTweaks if you want that.");
    }

    private static int[] SignersOf(Group group, IReadOnlyList<SigningContent> contents)
    {
        var signers = new SortedSet<int>();
        foreach (var subset in contents.Select(content => content.Subset).Distinct())
        {
            signers.UnionWith(subset is { } id ? group.Subsets.First(candidate => candidate.Id == id).Members : Enumerable.Range(0, group.Members.Count));
        }
        return [.. signers];
    }
}
