using CsCheck;
using KeyMeld.Tests.Enclave.Rounds;

namespace KeyMeld.Tests.Enclave.Signing;

public sealed class ScheduleTests
{
    private const int Schedules = 2_000;

    private static readonly Gen<Step> s_step = Gen.Select(Gen.Int[0, 99], Gen.Int[0, 99], Gen.Int[0, 99], Gen.Int[0, 99], Gen.Int[0, 999], (kind, node, a, b, c) => new Step(kind, node, a, b, c));

    [Fact]
    public async Task G19_in_no_schedule_of_opens_signs_combines_restarts_and_replays_does_a_nonce_answer_two_challenges()
    {
        var enclaves = HostedEnclave.Fleet(2);
        var group = new TestGroup(enclaves, [new(0, approval: false), new(1, approval: false), new(0, approval: false)], new GroupShape { Unattended = true });
        _ = group.Roster;
        int signed = 0, refused = 0, combined = 0;
        await Gen.Select(Gen.Int[1, 2], s_step.Array[10, 40]).SampleAsync(
            async (items, steps) =>
            {
                using var world = new ScheduleWorld(group, enclaves, items);
                foreach (var step in steps)
                {
                    await world.RunAsync(step);
                }
                Interlocked.Add(ref signed, world.Signed);
                Interlocked.Add(ref refused, world.Refused);
                Interlocked.Add(ref combined, world.Combined);
            },
            iter: Schedules);
        // It did happen: signatures were made, spent nonces were asked for again, results came out.
        Assert.InRange(signed, Schedules, int.MaxValue);
        Assert.InRange(refused, Schedules, int.MaxValue);
        Assert.InRange(combined, Schedules / 10, int.MaxValue);
    }
}
