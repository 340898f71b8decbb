using CsCheck;
using KeyMeld.Tests.Enclave.Rounds;
using Microsoft.Extensions.Time.Testing;

namespace KeyMeld.Tests.Enclave.Signing;

public sealed class ScheduleTests
{
    private const int Schedules = 2_000;
    private const int MixedSchedules = 300;

    private static readonly Gen<Step> s_step = Gen.Select(Gen.Int[0, 99], Gen.Int[0, 99], Gen.Int[0, 99], Gen.Int[0, 99], Gen.Int[0, 999], (kind, node, a, b, c) => new Step(kind, node, a, b, c));

    [Fact]
    public async Task G19_in_no_schedule_of_opens_signs_combines_restarts_and_replays_does_a_nonce_answer_two_challenges()
    {
        var enclaves = HostedEnclave.Fleet(2);
        await RunAsync(Schedules, enclaves, Group(enclaves, 0, 1, 0));
    }

    [Fact]
    public async Task G19_nor_does_one_where_some_members_sign_at_home()
    {
        var enclaves = HostedEnclave.Fleet(1);
        var group = Group(enclaves, 0, null, 0);
        var time = new FakeTimeProvider(DateTimeOffset.FromUnixTimeMilliseconds(TestGroup.Created));
        using var home = new HomeMember(group, 1, time);
        await RunAsync(MixedSchedules, enclaves, group, home);
    }

    private static TestGroup Group(HostedEnclave[] enclaves, params int?[] places) =>
        new(enclaves, [.. places.Select(enclave => new TestMember(enclave, approval: false))], new GroupShape { Unattended = true });

    private static async Task RunAsync(int schedules, HostedEnclave[] enclaves, TestGroup group, params HomeMember[] homes)
    {
        _ = group.Roster;
        int signed = 0, refused = 0, combined = 0;
        await Gen.Select(Gen.Int[1, 2], s_step.Array[10, 40]).SampleAsync(
            async (items, steps) =>
            {
                using var world = new ScheduleWorld(group, enclaves, items, homes);
                foreach (var step in steps)
                {
                    await world.RunAsync(step);
                }
                Interlocked.Add(ref signed, world.Signed);
                Interlocked.Add(ref refused, world.Refused);
                Interlocked.Add(ref combined, world.Combined);
            },
            iter: schedules);
        // It did happen: signatures were made, spent nonces were asked for again, results came out. Each number is half of what is usual or less: the schedules are drawn anew each time.
        Assert.InRange(signed, homes.Length == 0 ? schedules / 2 : schedules / 4, int.MaxValue);
        Assert.InRange(refused, homes.Length == 0 ? schedules : schedules / 4, int.MaxValue);
        Assert.InRange(combined, schedules / (homes.Length == 0 ? 20 : 100), int.MaxValue);
    }
}
