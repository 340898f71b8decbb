using KeyMeld.Protocol;
using KeyMeld.Protocol.Errors;
using KeyMeld.Protocol.Ids;
using KeyMeld.Protocol.Statements;
using KeyMeld.Secp256k1;

namespace KeyMeld.Client;

/// <summary>Whether a plan makes sense, and how its parts become the manifest's. Every complaint says which part.</summary>
internal static class GroupPlanRules
{
    public static void Check(GroupPlan plan)
    {
        ArgumentNullException.ThrowIfNull(plan);
        var count = plan.Participants.Count;
        Require(count is >= 1 and <= Limits.Participants, $"A group has 1 to {Limits.Participants} places, not {count}.");
        Require(plan.Participants.Count(participant => participant.IsOwn) <= 1, "Only one place can be the creator's own.");
        Require(plan.Label is null || UntrustedText.Show(plan.Label) == plan.Label, "The label has characters that cannot be shown.");
        foreach (var subset in plan.Subsets)
        {
            Require(subset.Members.Count >= 2 && subset.Members.Distinct().Count() == subset.Members.Count, "A subset has at least two members, each once.");
            Require(subset.Members.All(member => member >= 0 && member < count), "A subset names a place that is not there.");
        }
        Require(!plan.Unattended || plan is { Threshold: null or 0 }, "An unattended group has no threshold.");
        Require(plan.Threshold is null || plan.Threshold <= (plan.Approvers?.Distinct().Count() ?? count), "The threshold is above the number of approvers.");
        Require(plan.Unattended || plan.Threshold is null or > 0, "A threshold of 0 signs without approvals: say so with Unattended.");
        Require((plan.Approvers ?? []).All(member => member >= 0 && member < count), "An approver's place is not there.");
        Require(plan.Enclaves is null || plan.Enclaves.Distinct().Count() == plan.Enclaves.Count, "An enclave is named twice.");
        Require(plan.Participants.All(participant => !participant.AtHome || participant.Enclave is null), "A place that signs at home has no enclave.");
        Require(plan.Enclaves is null || plan.Participants.All(participant => participant.Enclave is not { } enclave || plan.Enclaves.Contains(enclave)), "A place names an enclave that is not among the group's.");
        Chains.RefuseRaw(plan.Subsets.Select(subset => subset.Tweaks).Append(plan.Tweaks), plan.AllowRawTweaks, "Set AllowRawTweaks if you want that.");
    }

    /// <summary>Places in order, hosted where the plan says, else in turn.</summary>
    public static IReadOnlyList<Participant> Assign(GroupPlan plan, IReadOnlyList<VerifiedEnclave> hosts, IReadOnlyList<XOnlyPublicKey> admissions)
    {
        var indexes = hosts.Index().ToDictionary(host => host.Item.Number, host => host.Index);
        var hosted = 0;
        return [.. plan.Participants.Select((participant, place) => new Participant(Id16.Random(), admissions[place], HostOf(participant)))];

        int? HostOf(PlannedParticipant participant)
        {
            if (participant.AtHome)
            {
                return null;
            }
            var turn = hosted++ % hosts.Count;
            return participant.Enclave is { } enclave ? indexes[enclave] : turn;
        }
    }

    public static ApprovalPolicy Approvals(GroupPlan plan)
    {
        IReadOnlyList<int> members = plan.Approvers is { } approvers ? [.. approvers.Distinct().Order()] : [.. Enumerable.Range(0, plan.Participants.Count)];
        return new ApprovalPolicy(members, plan.Unattended ? 0 : plan.Threshold ?? members.Count);
    }

    private static void Require(bool holds, string otherwise)
    {
        if (!holds)
        {
            throw new KeyMeldException(ErrorCodes.ManifestInvalid, otherwise);
        }
    }
}
