using CsCheck;
using KeyMeld.Protocol.Ids;
using KeyMeld.Tests.Gateway.Support;

namespace KeyMeld.Tests.Specifications.Groups;

public class GroupSpecTests
{
    [Fact]
    public void The_specification_of_a_groups_life_holds_in_every_state_there_is()
    {
        var report = GroupSpec.Build().Exhaustive(Conformance.Log);

        Assert.True(report.Closed);
        Assert.Equal(0, report.DeadlockStates);
        Assert.Empty(report.NeverFired);
        Assert.Empty(report.NeverTriggered);
    }

    [Fact]
    public void Every_defect_of_a_groups_life_is_caught_by_a_requirement()
    {
        var report = GroupSpec.Build().Faults(Conformance.Log);

        Assert.Empty(report.Uncaught);
        Assert.Empty(report.Inconclusive);
        Assert.Equal("formed-stays", report.CaughtBy("a formed group erased"));
        Assert.Equal("erased-stays", report.CaughtBy("an erased group revived"));
        Assert.Equal("join-by", report.CaughtBy("a late registration"));
    }

    [Fact]
    public async Task A_real_gateway_takes_every_transition_of_the_specification_and_no_other()
    {
        var time = new SteppedTime();
        var refused = new HashSet<Hash32>();
        await using var gateway = await TestGateway.StartAsync(enclaves: 1, time: time, prepare: enclave => RealGroup.Prepare(enclave, refused));

        // One at a time: the groups share the gateway, its clock and its restarts.
        var report = GroupSpec.Build().Drive(
            () => new RealGroup(gateway, time, refused),
            (group, step) => group.StepAsync(step.Action, GroupSpec.Places[step.ArgIndex], step.Before, step.After));

        Assert.True(report.Closed);
        Assert.True(report.ConformedTransitions >= 100, $"Only {report.ConformedTransitions} transitions were driven.");
    }
}
