// protocol.md sections 5, 8 and 9: the life of a group at the gateway, as its creator and members see it.
using CsCheck;

namespace KeyMeld.Tests.Specifications.Groups;

/// <summary>The group machine as a specification: every action anybody can take in every state, and what must hold.</summary>
internal static class GroupSpec
{
    public const string Create = "create";
    public const string Join = "join";
    public const string JoinRefused = "join, enclave refuses";
    public const string JoinOther = "join as another";
    public const string Pass = "join_by passes";
    public const string Erase = "erase";
    public const string EraseMember = "erase own envelope";
    public const string Restart = "gateway restarts";

    public static readonly int[] Places = [0, 1];

    /// <param name="changesOnly">For the picture: leaves out what is answered and changes nothing.</param>
    public static Spec<GroupModel> Build(bool changesOnly = false)
    {
        bool Shown(GroupModel before, GroupModel after) => !changesOnly || before != after;
        var spec = Spec.From(GroupModel.Initial)
            .Print(state => state.ToString())
            .Action(Create, state => Shown(state, state.Create()), state => state.Create())
            .Action(Join, Places, (state, place) => Shown(state, state.Join(place)), (state, place) => state.Join(place))
            .Action(JoinRefused, Places, (state, place) => state.Join(place, accepted: false).Phase == GroupPhase.Failed && state.Phase == GroupPhase.Joining, (state, place) => state.Join(place, accepted: false))
            .Action(Pass, state => Shown(state, state.Pass()), state => state.Pass())
            .Action(Erase, state => Shown(state, state.Erase()), state => state.Erase())
            .Action(EraseMember, Places, (state, place) => Shown(state, state.EraseMember(place)), (state, place) => state.EraseMember(place))
            // Another registration is admitted where the place is free: that is Join again. What matters is that it never replaces one.
            .Action(JoinOther, Places, (state, place) => !changesOnly && (state.HasJoined(place) || state.Phase is GroupPhase.Absent or GroupPhase.Erased), (state, _) => state)
            .Action(Restart, _ => !changesOnly, state => state);
        return Require(changesOnly ? spec.Terminal(state => state.Phase == GroupPhase.Erased || (state.Phase == GroupPhase.Formed && state.Envelopes == 0)) : spec);
    }

    private static Spec<GroupModel> Require(Spec<GroupModel> spec) => spec
        .Invariant("complete", "A group is formed only once every place has registered.", state => state.Phase != GroupPhase.Formed || state.Joined == 0b11)
        .Invariant("nothing-left", "Erased: ciphertext gone.", state => state.Phase != GroupPhase.Erased || state.Envelopes == 0)
        .Invariant("own-envelope", "An envelope is kept only of who registered.", state => (state.Envelopes & ~state.Joined) == 0)
        .Rule("immutable", "An accepted registration is immutable.", (before, after) => (before.Joined & ~after.Joined) == 0)
        .Rule("formed-stays", "A formed group is never failed, expired or erased as a whole.", (before, _) => before.Phase == GroupPhase.Formed, (_, after) => after.Phase == GroupPhase.Formed)
        .Rule("erased-stays", "An erased group is 410 for ever.", (before, _) => before.Phase == GroupPhase.Erased, (before, after) => after == before)
        .Rule("closed-stays", "Every failure is final.", (before, _) => before.Phase is GroupPhase.Failed or GroupPhase.Expired, (_, after) => after.Phase is not (GroupPhase.Joining or GroupPhase.Formed))
        .Rule("own-only", "Afterwards each member erases its own envelope only.", EraseMember, (before, after) => after with { Envelopes = before.Envelopes } == before && byte.PopCount((byte)(before.Envelopes ^ after.Envelopes)) <= 1)
        .Rule("no-replacement", "slot_taken: nobody registers in another's place.", JoinOther, (before, after) => after == before)
        .Rule("durable", "State is persisted before it is announced.", Restart, (before, after) => after == before)
        .AtMost("formed-once", "A group is formed once.", 1, (before, after) => before.Phase != GroupPhase.Formed && after.Phase == GroupPhase.Formed)
        .NeverAfter("join-by", "join_by ends joining.", (before, after) => before.Phase == GroupPhase.Joining && after.Phase == GroupPhase.Expired, (before, after) => before.Joined != after.Joined)
        .Reachable("forms", "Participants need not be online together: a group forms.", state => state.Phase == GroupPhase.Formed)
        .Reachable("fails", "An enclave's refusal ends a group with a code.", state => state.Phase == GroupPhase.Failed)
        .Fault("an early forming", Join, (before, _) => before.Phase == GroupPhase.Joining && before.Joined == 0, (_, after) => after with { Phase = GroupPhase.Formed })
        .Fault("a replaced registration", JoinOther, (before, _) => before.Phase == GroupPhase.Joining, (_, after) => after with { Joined = (byte)(after.Joined & 0b01) })
        .Fault("another's registration taken", JoinOther, (before, _) => before.Phase == GroupPhase.Joining, (_, after) => after with { Envelopes = 0 })
        .Fault("a lost registration", Join, (before, after) => before.HasJoined(0) && after.Phase == GroupPhase.Formed, (_, after) => after with { Phase = GroupPhase.Joining, Joined = 0b10 })
        .Fault("a late registration", Join, (before, _) => before.Phase == GroupPhase.Expired, (_, after) => after with { Joined = 0b11 })
        .Fault("a formed group erased", Erase, (before, _) => before.Phase == GroupPhase.Formed, (_, after) => after with { Phase = GroupPhase.Erased, Envelopes = 0 })
        .Fault("an erased group revived", Create, (before, _) => before.Phase == GroupPhase.Erased, (_, after) => after with { Phase = GroupPhase.Joining })
        .Fault("ciphertext left behind", Erase, (_, after) => after.Phase == GroupPhase.Erased && after.Joined != 0, (_, after) => after with { Envelopes = after.Joined })
        .Fault("all envelopes erased by one", EraseMember, (before, _) => before.Phase == GroupPhase.Formed, (_, after) => after with { Envelopes = 0 })
        .Fault("a failed group formed after all", Join, (before, _) => before.Phase == GroupPhase.Failed, (_, after) => after with { Phase = GroupPhase.Formed })
        .Fault("a state lost by a restart", Restart, (before, _) => before.Phase == GroupPhase.Formed, (_, after) => after with { Phase = GroupPhase.Joining });
}
