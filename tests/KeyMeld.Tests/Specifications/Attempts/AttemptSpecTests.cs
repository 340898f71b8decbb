using CsCheck;
using KeyMeld.Protocol;
using KeyMeld.Protocol.Ids;
using KeyMeld.Protocol.Rounds;
using KeyMeld.Tests.Enclave.Rounds;

namespace KeyMeld.Tests.Specifications.Attempts;

public sealed class AttemptSpecTests
{
    private const int Few = 3;

    [Fact]
    public void The_specification_of_nonces_holds_in_every_state_there_is()
    {
        var report = AttemptSpec.Build(attempts: 4, limit: 3).Exhaustive(Conformance.Log);

        Assert.True(report.Closed);
        Assert.Equal(0, report.DeadlockStates);
        Assert.Empty(report.NeverFired);
        Assert.Empty(report.NeverTriggered);
    }

    [Fact]
    public void Every_defect_of_nonces_is_caught_by_a_requirement()
    {
        var report = AttemptSpec.Build(attempts: Few, limit: Few).Faults(Conformance.Log);

        Assert.Empty(report.Uncaught);
        Assert.Empty(report.Inconclusive);
        Assert.Equal("one-challenge", report.CaughtBy("a second set answered"));
        Assert.Equal("reject-final", report.CaughtBy("signed after a reject"));
    }

    [Fact]
    public void The_enclaves_machine_takes_every_transition_of_the_specification_up_to_its_limit()
    {
        var report = AttemptSpec.Build(Limits.Attempts + 1, Limits.Attempts, watchChallenges: false).ConformExhaustive(
            () => new Machine(), (machine, step) => machine.Step(step), Conformance.Log, clone: machine => new Machine { State = machine.State });

        Assert.True(report.Closed);
        Assert.True(report.ConformedTransitions >= 10_000, $"Only {report.ConformedTransitions} transitions were driven.");
    }

    [Fact]
    public void G08_a_real_enclave_answers_every_order_of_opens_and_signs_as_the_specification_says()
    {
        var enclaves = HostedEnclave.Fleet(2);
        var group = new TestGroup(enclaves, [new(0, approval: false), new(1, approval: false)]);
        _ = group.Roster;
        RealRequest? current = null;

        var report = AttemptSpec.Build(Few, Limits.Attempts).Drive(
            () =>
            {
                current?.Dispose();
                return current = new RealRequest(group, enclaves);
            },
            (request, step) => request.StepAsync(step.Action, step.ArgIndex, Few, step.Before));

        current?.Dispose();
        Assert.True(report.Closed);
        Assert.True(report.ConformedTransitions >= 300, $"Only {report.ConformedTransitions} transitions were driven.");
    }

    private sealed class Machine
    {
        private static readonly Hash32[] s_sets = [Hash32.Sha256([0]), Hash32.Sha256([1])];

        public AttemptState State { get; set; } = new AttemptState.Untouched();

        public string? Step(Transition<AttemptModel> step)
        {
            var sign = step.Action == AttemptSpec.Sign ? AttemptSpec.Signs(Limits.Attempts + 1)[step.ArgIndex] : default;
            var attempt = step.ArgIndex + 1;
            var (expected, command) = step.Action switch
            {
                AttemptSpec.Open => (step.Before.AnswerOpen(attempt, Limits.Attempts), new AttemptCommand.Open(attempt)),
                AttemptSpec.Sign => (step.Before.AnswerSign(sign), new AttemptCommand.Sign(sign.Attempt, s_sets[sign.Set])),
                AttemptSpec.Burn => ("wiped", new AttemptCommand.Burn()),
                _ => ("wiped", (AttemptCommand)new AttemptCommand.Reject()),
            };
            (State, var action) = AttemptMachine.Next(State, command);
            var answer = action switch
            {
                AttemptAction.HoldFreshNonces or AttemptAction.RepeatRound1 => "round1",
                AttemptAction.UseNonces or AttemptAction.RepeatRound2 => "round2",
                AttemptAction.Wipe => "wiped",
                AttemptAction.Refuse refusal => refusal.Code,
                _ => action.ToString(),
            };
            var fresh = action is AttemptAction.HoldFreshNonces or AttemptAction.UseNonces;
            var moved = step.After.Opens > step.Before.Opens || (step.Before.Phase, step.After.Phase) == (AttemptPhase.Opened, AttemptPhase.Answered);
            return answer != expected ? $"answered {answer}, not {expected}"
                : fresh != moved ? $"{action} where the model {(moved ? "moves" : "stays")}"
                : (State.GetType().Name, State.Attempt, State.Opens) == (step.After.Phase.ToString(), step.After.Attempt, step.After.Opens) ? null
                : $"is {State}, not {step.After}";
        }
    }
}
