// protocol.md section 6, "Nonces": what a host can make an enclave do with the nonces of one request in one boot.
using CsCheck;

namespace KeyMeld.Tests.Specifications.Attempts;

/// <summary>The enclave's signing machine as a specification: a host that calls in any order, with either of two round-1 sets.</summary>
internal static class AttemptSpec
{
    public const string Open = "Open";
    public const string Sign = "Sign";
    public const string Burn = "Forget";
    public const string Reject = "reject";

    public static int[] Attempts(int count) => [.. Enumerable.Range(1, count)];

    public static SignArgument[] Signs(int count) => [.. Attempts(count).SelectMany(attempt => new SignArgument[] { new(attempt, 0), new(attempt, 1) })];

    /// <param name="attempts">Attempts are 1 to this.</param>
    /// <param name="limit">How many may be opened in a boot.</param>
    /// <param name="watchChallenges">Remembers for every attempt which sets were answered; many attempts make many states.</param>
    /// <param name="changesOnly">For the picture: leaves out what is refused or repeated.</param>
    public static Spec<AttemptModel> Build(int attempts, int limit, bool watchChallenges = true, bool changesOnly = false)
    {
        bool Shown(AttemptModel before, AttemptModel after) => !changesOnly || before != after;
        AttemptModel Watched(AttemptModel state) => watchChallenges ? state : state with { Challenges = 0 };
        var spec = Spec.From(AttemptModel.Initial)
            .Print(state => state.ToString())
            .Action(Open, Attempts(attempts), (state, attempt) => Shown(state, state.Open(attempt, limit)), (state, attempt) => state.Open(attempt, limit))
            .Action(Sign, Signs(attempts), (state, sign) => Shown(state, Watched(state.Sign(sign))), (state, sign) => Watched(state.Sign(sign)))
            .Action(Burn, state => Shown(state, state.Burn()), state => state.Burn())
            .Action(Reject, state => Shown(state, state.Reject()), state => state.Reject());
        return Require(changesOnly ? spec.Terminal(state => state.Phase == AttemptPhase.Rejected) : spec, attempts, limit);
    }

    private static Spec<AttemptModel> Require(Spec<AttemptModel> spec, int attempts, int limit) => spec
        .Invariant("one-challenge", "A secnonce answers one challenge: no attempt ever answers two round-1 sets.", state => Attempts(attempts).All(attempt => !state.HasTwoChallenges(attempt)))
        .Invariant("limit", "At most 16 attempts in a boot.", state => state.Opens <= limit)
        .Rule("increasing", "Within a boot, attempts of D strictly increase.", (before, after) => after.Phase == AttemptPhase.Rejected || after.Attempt >= before.Attempt)
        .Rule("fresh-only", "Nonces are used only by a Sign of the attempt that is open.", (before, after) => before.Challenges != after.Challenges,
            (before, after) => before.Phase == AttemptPhase.Opened && after.Phase == AttemptPhase.Answered && after.Attempt == before.Attempt)
        .Rule("burnt", "Eviction burns: what is wiped answers nothing again.", (before, _) => before.Phase == AttemptPhase.Burnt,
            (before, after) => after.Phase is AttemptPhase.Burnt or AttemptPhase.Rejected || after.Attempt > before.Attempt)
        .Rule("answered", "Any other Sign of a consumed attempt is nonce_already_used.", Sign, (before, _) => before.Phase == AttemptPhase.Answered, (before, after) => after == before)
        .Rule("reject-final", "A reject it has seen is final for D in this boot.", (before, _) => before.Phase == AttemptPhase.Rejected, (before, after) => after == before)
        .AtMost("opens", "At most 16 attempts in a boot.", limit, (before, after) => after.Opens > before.Opens)
        .Reachable("answers", "An honest host gets its partial signatures.", state => state.Phase == AttemptPhase.Answered)
        .Reachable("exhausts", "The limit is reached.", state => state.Opens == limit || attempts < limit)
        .Fault("a second set answered", Sign, (before, _) => before is { Phase: AttemptPhase.Answered, Challenges: not 0 }, (_, after) => after with { Challenges = after.Challenges | AttemptModel.Bit(new(after.Attempt, 0)) | AttemptModel.Bit(new(after.Attempt, 1)) })
        .Fault("nonces put back", Burn, (before, _) => before.Phase == AttemptPhase.Answered, (before, _) => before with { Phase = AttemptPhase.Opened })
        .Fault("burnt nonces used", Sign, (before, _) => before.Phase == AttemptPhase.Burnt, (before, _) => before with { Phase = AttemptPhase.Answered })
        .Fault("an older attempt opened", Open, (before, _) => before is { Phase: AttemptPhase.Opened, Attempt: > 1 }, (before, _) => before with { Attempt = 1 })
        .Fault("signed after a reject", Sign, (before, _) => before.Phase == AttemptPhase.Rejected, (before, _) => before with { Phase = AttemptPhase.Answered });
}
