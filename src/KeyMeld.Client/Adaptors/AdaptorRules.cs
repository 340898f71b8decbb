using KeyMeld.Protocol.Errors;
using KeyMeld.Protocol.Ids;
using KeyMeld.Protocol.Statements;

namespace KeyMeld.Client;

/// <summary>What holds between a request's adaptors.</summary>
internal static class AdaptorRules
{
    /// <summary>The id that proofs of the request's points were made for; null where there are none.</summary>
    /// <exception cref="KeyMeldException"><c>adaptor_invalid</c>: they were made for another group, for several requests, or twice for one item.</exception>
    public static Id16? SigningIdOf(Group group, IReadOnlyList<SigningContent> contents)
    {
        var challenges = contents.Select(content => content.Adaptor).OfType<Adaptor.All>().Select(all => all.Challenge).ToList();
        if (challenges.Count == 0)
        {
            return null;
        }
        if (challenges.Exists(challenge => challenge.Roster != group.RosterHash))
        {
            throw new KeyMeldException(ErrorCodes.AdaptorInvalid, "The points were proved for another group.");
        }
        if (challenges.Exists(challenge => challenge.Signing != challenges[0].Signing))
        {
            throw new KeyMeldException(ErrorCodes.AdaptorInvalid, "The points were proved for different requests; make the challenges of one request together (sameRequest).");
        }
        return challenges.Select(challenge => challenge.Item).Distinct().Count() == challenges.Count
            ? challenges[0].Signing
            : throw new KeyMeldException(ErrorCodes.AdaptorInvalid, "One challenge is used for two items; each item needs its own.");
    }

    /// <summary>Places of items with an adaptor whose message is also signed plain.</summary>
    public static IReadOnlyList<int> AlsoSignedPlain(IReadOnlyList<SigningItem> items)
    {
        var plain = items.Where(item => item.Adaptor is null).Select(item => item.Message).ToHashSet();
        return [.. items.Index().Where(item => item.Item.Adaptor is not null && plain.Contains(item.Item.Message)).Select(item => item.Index)];
    }
}
