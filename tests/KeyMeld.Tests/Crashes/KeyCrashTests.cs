using System.Globalization;
using KeyMeld.Tests.Enclave.Support;

namespace KeyMeld.Tests.Crashes;

/// <summary>
/// Enclave and gateway killed between every two steps of a genesis and of an unseal: no key is ever lost, doubled or exchanged. As many lives as
/// KEYMELD_CRASHES says (eng/crashes.sh); without it a few, each with plans of its own.
/// </summary>
public class KeyCrashTests(ProcessFixture fixture) : IClassFixture<ProcessFixture>
{
    // As many as a start has when nobody dies; pieces may arrive together, and then the last of them do not come.
    private const int StepsOfGenesis = 50;
    private const int StepsOfUnseal = 38;

    private static int Lives => int.Parse(Environment.GetEnvironmentVariable("KEYMELD_CRASHES") ?? "6", CultureInfo.InvariantCulture);

    [Fact]
    public async Task K32_no_crash_at_any_step_of_genesis_or_unseal_loses_or_doubles_a_key()
    {
        for (var life = 0; life < Lives; life++)
        {
            await LiveAsync(life);
        }
    }

    private async Task LiveAsync(int seed)
    {
        var random = new Random(seed);
        await using var world = new CrashWorld(fixture.Machine);
        var seen = new SealedRows([], []);
        KillPlan[] plans = [Plan(random, StepsOfGenesis), Plan(random, StepsOfUnseal), Plan(random, StepsOfUnseal)];
        for (var phase = 0; phase < plans.Length; phase++)
        {
            await world.RunAsync(plans[phase]);
            seen = Check(world, seen, $"life {seed}: {string.Join(", ", plans.Take(phase + 1))}");
            // What was not killed is now, so that the next phase is a restart of both.
            await world.KillAllAsync();
            seen = Check(world, seen, $"life {seed}, all killed: {string.Join(", ", plans.Take(phase + 1))}");
        }
    }

    private static SealedRows Check(CrashWorld world, SealedRows before, string when)
    {
        var now = SealedRows.Of(world.Database);
        Assert.True(now.Keys.Count == 1 && now.History.Count == 1, $"{when}: {now.Keys.Count} keys, {now.History.Count} in the history\n{world.Steps}");
        Assert.True(before.Keys.Count == 0 || before.Keys.SequenceEqual(now.Keys), $"{when}: the row is another\n{world.Steps}");
        Assert.True(world.Announced.SetEquals(now.History), $"{when}: announced {string.Join(", ", world.Announced)}, kept {string.Join(", ", now.History)}\n{world.Steps}");
        return now;
    }

    private static KillPlan Plan(Random random, int steps) => new(
        random.Next(1, steps + 1),
        random.Next(4) switch { 0 => Victims.Enclave, 1 or 2 => Victims.Gateway, _ => Victims.Enclave | Victims.Gateway },
        random.Next(3) == 0 ? TimeSpan.Zero : TimeSpan.FromMicroseconds(random.Next(1, 8000)));
}
