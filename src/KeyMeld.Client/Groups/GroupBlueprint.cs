// protocol.md section 8, "Recovery": the same keys in a new manifest give the same aggregate, so what a member has to keep is its key and what the group was.
using KeyMeld.Protocol.Errors;
using KeyMeld.Protocol.Statements;
using KeyMeld.Secp256k1;

namespace KeyMeld.Client;

/// <summary>
/// What a formed group was, without anything that belongs to one gateway or to the enclaves it was on: enough to form another with the same output keys from the members' own keys. It holds no secret, but what the gateway
/// may not know: keys, tweaks, scripts.
/// </summary>
public sealed record GroupBlueprint
{
    /// <summary>The label.</summary>
    public string? Label { get; init; }

    /// <summary>The members' keys, in the group's order.</summary>
    public required IReadOnlyList<PublicKey> MemberKeys { get; init; }

    /// <summary>The place of the profile that wrote it down; null when it had none.</summary>
    public int? Place { get; init; }

    /// <summary>Places whose approvals count.</summary>
    public required IReadOnlyList<int> Approvers { get; init; }

    /// <summary>How many of them; 0 when unattended.</summary>
    public required int Threshold { get; init; }

    /// <summary>Whether the creator may request.</summary>
    public bool CreatorRequests { get; init; }

    /// <summary>The group's tweaks.</summary>
    public required TweakChain Tweaks { get; init; }

    /// <summary>Its subsets.</summary>
    public required IReadOnlyList<PlannedSubset> Subsets { get; init; }

    /// <summary>What has to come out: the group's output key, then each subset's.</summary>
    public required IReadOnlyList<XOnlyPublicKey> OutputKeys { get; init; }

    /// <summary>Writes a verified group down.</summary>
    public static GroupBlueprint Of(Group group)
    {
        ArgumentNullException.ThrowIfNull(group);
        return new GroupBlueprint
        {
            Label = group.Label,
            MemberKeys = [.. group.Members.Select(member => member.MemberKey)],
            Place = group.MyIndex,
            Approvers = group.Approvers,
            Threshold = group.Threshold,
            CreatorRequests = group.CreatorRequests,
            Tweaks = group.Tweaks,
            Subsets = [.. group.Subsets.Select(subset => new PlannedSubset(subset.Members) { Id = subset.Id, Tweaks = subset.Tweaks })],
            OutputKeys = [group.OutputKey, .. group.Subsets.Select(subset => subset.OutputKey)],
        };
    }

    /// <summary>The plan of a group that takes this one's place.</summary>
    /// <param name="participants">Who takes which place, in the old order: each has to bring the key it had.</param>
    /// <exception cref="KeyMeldException"><c>manifest_invalid</c>: not as many as the group has places.</exception>
    public GroupPlan ToPlan(IReadOnlyList<PlannedParticipant> participants)
    {
        ArgumentNullException.ThrowIfNull(participants);
        if (participants.Count != MemberKeys.Count)
        {
            throw new KeyMeldException(ErrorCodes.ManifestInvalid, $"The group has {MemberKeys.Count} places, not {participants.Count}.");
        }
        return new GroupPlan
        {
            Label = Label,
            Participants = participants,
            Approvers = Approvers,
            Threshold = Threshold == 0 ? null : Threshold,
            Unattended = Threshold == 0,
            CreatorRequests = CreatorRequests,
            Tweaks = Tweaks,
            Subsets = Subsets,
            // The members agreed to them before, and joining asks them again.
            AllowRawTweaks = true,
        };
    }

    /// <summary>Whether a member's key is the one that this place had.</summary>
    public bool IsKeyOf(int place, MemberKey key)
    {
        ArgumentNullException.ThrowIfNull(key);
        return place >= 0 && place < MemberKeys.Count && MemberKeys[place].Equals(key.PublicKey);
    }

    /// <summary>Requires that a formed group has exactly the output keys of this one, its subsets' included.</summary>
    /// <exception cref="KeyMeldException"><c>roster_mismatch</c>: somebody brought another key, or another place.</exception>
    public void RequireSameKeys(Group group)
    {
        ArgumentNullException.ThrowIfNull(group);
        if (!OutputKeys.SequenceEqual([group.OutputKey, .. group.Subsets.Select(subset => subset.OutputKey)]))
        {
            var others = string.Join(", ", group.Members.Where(member => member.Index >= MemberKeys.Count || !MemberKeys[member.Index].Equals(member.MemberKey)).Select(member => member.Index));
            throw new KeyMeldException(ErrorCodes.RosterMismatch, $"The group does not have the output keys it had: {(others.Length > 0 ? $"the members {others} brought other keys" : "tweaks or subsets differ")}.");
        }
    }
}
