using CsCheck;
using KeyMeld.Tests.Gateway.Support;

namespace KeyMeld.Tests.Specifications.Signings;

public class SigningSpecTests
{
    [Fact]
    public void The_specification_of_a_signings_life_holds_in_every_state_there_is()
    {
        var report = SigningSpec.Build().Exhaustive(Conformance.Log);

        Assert.True(report.Closed);
        Assert.Equal(0, report.DeadlockStates);
        Assert.Empty(report.NeverFired);
        Assert.Empty(report.NeverTriggered);
    }

    [Fact]
    public void Every_defect_of_a_signings_life_is_caught_by_a_requirement()
    {
        var report = SigningSpec.Build().Faults(Conformance.Log);

        Assert.Empty(report.Uncaught);
        Assert.Empty(report.Inconclusive);
        Assert.Equal("approved", report.CaughtBy("signed on the threshold alone"));
        Assert.Equal("reject-ends", report.CaughtBy("a reject overlooked while running"));
        Assert.Equal("approvals-stay", report.CaughtBy("an approval lost by a restart"));
        Assert.Equal("durable", report.CaughtBy("a running signing forgotten by a restart"));
    }

    [Fact]
    public async Task A_real_gateway_takes_every_transition_of_the_specification_and_no_other()
    {
        var time = new SteppedTime();
        var gates = new EnclaveGates();
        await using var gateway = await TestGateway.StartAsync(enclaves: 2, time: time, prepare: gates.Prepare);
        var group = await RealSigning.FormGroupAsync(gateway);

        // One at a time: the signings share the gateway, its clock and its restarts.
        var report = SigningSpec.Build().Drive(
            () => new RealSigning(group, time, gates),
            (signing, step) => signing.StepAsync(step.Action, SigningModel.Members[step.ArgIndex], step.Before, step.After));

        Assert.True(report.Closed);
        Assert.True(report.ConformedTransitions >= 100, $"Only {report.ConformedTransitions} transitions were driven.");
    }
}
