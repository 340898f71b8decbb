using System.Globalization;
using KeyMeld.Tests.Enclave.Support;

namespace KeyMeld.Tests.Crashes;

/// <summary>
/// Enclave and gateway killed between every two steps of a genesis, an unseal, a new epoch and a change of the KMS key: no key is ever lost, doubled or exchanged.
/// As many lives as KEYMELD_CRASHES says (eng/crashes.sh), each with plans of its own; without it a few.
/// </summary>
public class KeyCrashTests(ProcessFixture fixture) : IClassFixture<ProcessFixture>
{
    // As many as each has when nobody dies; pieces may arrive together, and then the last of them do not come.
    private const int StepsOfGenesis = 50;
    private const int StepsOfUnseal = 38;
    private const int StepsOfNewEpoch = 40;
    private const int StepsOfNewKmsKey = 34;

    // A number, or FROM-TO to see one life again.
    private static (int First, int End) Lives => (Environment.GetEnvironmentVariable("KEYMELD_CRASHES") ?? "4").Split('-') switch
    {
        [var count] => (0, int.Parse(count, CultureInfo.InvariantCulture)),
        [var from, var to] => (int.Parse(from, CultureInfo.InvariantCulture), int.Parse(to, CultureInfo.InvariantCulture) + 1),
        _ => throw new FormatException("KEYMELD_CRASHES is a number of lives or FROM-TO."),
    };

    [Fact]
    public async Task K32_no_crash_at_any_step_of_genesis_unseal_new_epoch_or_new_kms_key_loses_or_doubles_a_key()
    {
        for (var (life, end) = Lives; life < end; life++)
        {
            await LiveAsync(life);
        }
    }

    private async Task LiveAsync(int seed)
    {
        var random = new Random(seed);
        var machine = fixture.Machine;
        await using var world = new CrashWorld(machine);
        await machine.SetPolicyAsync(machine.KeyArn, machine.ClosedPolicy(machine.Measurement));

        var genesis = Plan(random, StepsOfGenesis);
        await world.RunAsync(genesis);
        var first = Check(world, 1, $"life {seed}, genesis: {genesis}");

        await world.KillAllAsync();
        var unseal = Plan(random, StepsOfUnseal);
        await world.RunAsync(unseal);
        Assert.Equal(first.Keys, Check(world, 1, $"life {seed}, unseal: {unseal}").Keys);

        var epoch = Plan(random, StepsOfNewEpoch);
        var done = await world.OrderAsync("rotate", epoch);
        var when = $"life {seed}, new epoch: {epoch}";
        var second = Check(world, done ? 2 : null, when);
        if (second.Keys.Count == 1)
        {
            // It died before it was stored: the order is given again.
            await world.InsistAsync("rotate", when);
            second = Check(world, 2, when);
        }
        Assert.True(first.Keys.All(second.Keys.Contains), $"{when}: the first key's row changed");

        await world.KillAllAsync();
        var next = await machine.CreateKeyAsync(null);
        await world.ChangeKmsKeyAsync(next);
        await world.RunAsync(null);
        var rewrap = Plan(random, StepsOfNewKmsKey);
        done = await world.OrderAsync("rewrap", rewrap);
        when = $"life {seed}, new KMS key: {rewrap}";
        var third = Check(world, 2, when);
        Assert.True(third.Keys.SequenceEqual(second.Keys) || third.Keys.All(key => key.Contains(next, StringComparison.Ordinal)), $"{when}: some rows are sealed anew and others are not");
        await world.InsistAsync("rewrap", when);
        third = Check(world, 2, when);
        Assert.All(third.Keys, key => Assert.Contains(next, key, StringComparison.Ordinal));
        Assert.Equal(second.History, third.History);

        await world.KillAllAsync();
        await world.RunAsync(Plan(random, StepsOfUnseal));
        Assert.Equal(third.Keys, Check(world, 2, $"life {seed}, at its end").Keys);
    }

    /// <summary>Every key that was ever shown is there, once, and no other.</summary>
    private static SealedRows Check(CrashWorld world, int? epochs, string when)
    {
        var now = SealedRows.Of(world.Database);
        Assert.True(now.Keys.Count == (epochs ?? now.Keys.Count) && now.Keys.Count > 0, $"{when}: {now.Keys.Count} keys\n{world.Steps}");
        Assert.True(now.Keys.Select(Name).Order(StringComparer.Ordinal).SequenceEqual(now.History), $"{when}: keys and history differ: {string.Join(", ", now.History)}\n{world.Steps}");
        Assert.True(world.Announced.SetEquals(now.History), $"{when}: announced {string.Join(", ", world.Announced)}, kept {string.Join(", ", now.History)}\n{world.Steps}");
        return now;
    }

    private static string Name(string row) => row.Split('/') is [_, var epoch, var key, ..] ? $"{epoch}:{key}" : throw new FormatException(row);

    private static KillPlan Plan(Random random, int steps) => new(
        random.Next(1, steps + 1),
        random.Next(4) switch { 0 => Victims.Enclave, 1 or 2 => Victims.Gateway, _ => Victims.Enclave | Victims.Gateway },
        random.Next(3) == 0 ? TimeSpan.Zero : TimeSpan.FromMicroseconds(random.Next(1, 8000)));
}
