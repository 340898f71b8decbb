// protocol.md sections 6, 8 and 9: the life of a signing at the gateway, from the request to its end.
using CsCheck;

namespace KeyMeld.Tests.Specifications.Signings;

/// <summary>The signing machine as a specification: every action anybody can take in every state, and what must hold.</summary>
internal static class SigningSpec
{
    public const string Request = "request";
    public const string Approve = "approve";
    public const string Reject = "reject";
    public const string Cancel = "cancel";
    public const string Pass = "expires passes";
    public const string Hold = "enclaves go away";
    public const string Release = "enclaves answer";
    public const string Refuse = "enclaves refuse";
    public const string Restart = "gateway restarts";

    /// <param name="changesOnly">For the picture: leaves out what is answered and changes nothing.</param>
    public static Spec<SigningModel> Build(bool changesOnly = false)
    {
        bool Shown(SigningModel before, SigningModel after) => !changesOnly || before != after;
        var spec = Spec.From(SigningModel.Initial)
            .Print(state => state.ToString())
            .Action(Request, state => Shown(state, state.Request()), state => state.Request())
            .Action(Approve, SigningModel.Members, (state, member) => Shown(state, state.Approve(member)), (state, member) => state.Approve(member))
            .Action(Reject, SigningModel.Members, (state, member) => Shown(state, state.Reject(member)), (state, member) => state.Reject(member))
            .Action(Cancel, state => Shown(state, state.Cancel()), state => state.Cancel())
            .Action(Pass, state => Shown(state, state.Pass()), state => state.Pass())
            .Action(Hold, state => state.Phase is SigningPhase.Waiting && !state.Held, state => state with { Held = true })
            .Action(Release, state => state.Held && !state.IsFinal, state => state.Release(refusing: false))
            .Action(Refuse, state => state.Phase == SigningPhase.Running, state => state.Release(refusing: true))
            .Action(Restart, _ => !changesOnly, state => state);
        return Require(changesOnly ? spec.Terminal(state => state.IsFinal) : spec);
    }

    private static Spec<SigningModel> Require(Spec<SigningModel> spec) => spec
        .Invariant("approved", "Signed only if the threshold is met and every signer who demands it approved.", state => state.Phase is not (SigningPhase.Running or SigningPhase.Completed or SigningPhase.Failed) || state.IsComplete)
        .Invariant("rejected-by-somebody", "Only a member's reject rejects.", state => (state.Phase == SigningPhase.Rejected) == (state.Rejected != 0))
        .Rule("final", "Every end is final.", (before, _) => before.IsFinal, (before, after) => after.Phase == before.Phase)
        .Rule("approvals-stay", "A stored approval stays.", (before, after) => (before.Approved & ~after.Approved) == 0)
        .Rule("reject-ends", "A reject ends a signing that is not over, running or not.", Reject, (before, _) => before.Phase is SigningPhase.Waiting or SigningPhase.Running, (_, after) => after.Phase == SigningPhase.Rejected)
        .Rule("cancel-ends", "The requester takes back what is not signed yet.", Cancel, (before, _) => before.Phase is SigningPhase.Waiting or SigningPhase.Running, (_, after) => after.Phase == SigningPhase.Cancelled)
        .Rule("expires", "Nothing outlives its expiry.", Pass, (_, after) => after.Phase == SigningPhase.Absent || after.IsFinal)
        .Rule("at-once", "A request runs as soon as what it waits for is there.", Approve, (before, after) => before.Phase == SigningPhase.Waiting && after.IsComplete, (_, after) => after.Phase is SigningPhase.Running or SigningPhase.Completed)
        .Rule("durable", "State is persisted before it is announced: a restart loses nothing.", Restart, (before, after) => after == before)
        .Never("no-signature-without-running", "An expired, cancelled or rejected request never completes.", (before, after) => before.Phase is SigningPhase.Expired or SigningPhase.Cancelled or SigningPhase.Rejected && after.Phase == SigningPhase.Completed)
        .AtMost("signed-once", "A signing completes once.", 1, (before, after) => before.Phase != SigningPhase.Completed && after.Phase == SigningPhase.Completed)
        .Reachable("completes", "Approvals complete a signing.", state => state.Phase == SigningPhase.Completed)
        .Reachable("fails", "An enclave's refusal ends it with a named failure.", state => state.Phase == SigningPhase.Failed)
        .Fault("signed on the threshold alone", Approve, (before, after) => before.Phase == SigningPhase.Waiting && after.Approved == 0b010, (_, after) => after with { Phase = SigningPhase.Completed })
        .Fault("a reject overlooked while running", Reject, (before, _) => before.Phase == SigningPhase.Running, (before, _) => before)
        .Fault("a reject overlooked", Reject, (before, _) => before.Phase == SigningPhase.Waiting, (before, _) => before)
        .Fault("a cancelled request signed", Approve, (before, _) => before.Phase == SigningPhase.Cancelled, (_, after) => after with { Phase = SigningPhase.Completed, Approved = 0b110 })
        .Fault("a cancel that does nothing", Cancel, (before, _) => before.Phase == SigningPhase.Running, (before, _) => before)
        .Fault("an expiry that does nothing", Pass, (before, _) => before.Phase == SigningPhase.Running, (before, _) => before)
        .Fault("a complete request left waiting", Approve, (before, after) => before.Phase == SigningPhase.Waiting && after.IsComplete, (before, after) => before with { Approved = after.Approved })
        .Fault("an approval lost by a restart", Restart, (before, _) => before.Approved == 0b010, (before, _) => before with { Approved = 0 })
        .Fault("a running signing forgotten by a restart", Restart, (before, _) => before.Phase == SigningPhase.Running, (before, _) => before with { Phase = SigningPhase.Waiting })
        .Fault("a failed signing run again", Approve, (before, _) => before.Phase == SigningPhase.Failed, (before, _) => before with { Phase = SigningPhase.Running });
}
