using KeyMeld.DevKit.Kms.Wire;
using KeyMeld.Protocol.Errors;
using KeyMeld.Tests.Enclave.Support;

namespace KeyMeld.Tests.Crashes;

/// <summary>The substitution matrix asks that no cell writes: what a gateway's database holds after its enclave heard lies.</summary>
public class LyingKmsTests(ProcessFixture fixture) : IClassFixture<ProcessFixture>
{
    private static readonly Dictionary<string, Func<KmsExchange, KmsAnswer>> Lies = HostileAnswers.OtherKeys.Take(1)
        .Concat(HostileAnswers.NoAnswers.Where(lie => lie.Key is "K05 another key's ARN" or "K11 a plaintext in place of the sealed answer"))
        .Concat(HostileAnswers.Fields.Take(1)).ToDictionary();

    [Fact]
    public async Task K01_K05_K11_K20_no_lie_writes_or_changes_a_row()
    {
        Assert.Equal(4, Lies.Count);
        await using var world = new CrashWorld(fixture.Machine);
        foreach (var (name, lie) in Lies)
        {
            // To the first call only: whoever has both calls is KMS.
            world.Lie = exchange => exchange.Operation == "GenerateDataKey" ? lie(exchange) : exchange.Answer;
            Assert.True(await world.LockedAsync() is ErrorCodes.KmsResponseInvalid, name);
            var none = SealedRows.Of(world.Database);
            Assert.True(none is { Keys.Count: 0, History.Count: 0 }, name);
        }
        world.Lie = null;
        await world.KillAllAsync();
        await world.RunAsync(null);
        var rows = SealedRows.Of(world.Database);
        Assert.Equal(world.Announced.Order(), rows.History.Order());

        foreach (var (name, lie) in Lies)
        {
            world.Lie = lie;
            Assert.True(await world.LockedAsync() is ErrorCodes.KmsResponseInvalid or ErrorCodes.SealedKeyCorrupt, name);
            Assert.Equal(rows.Keys, SealedRows.Of(world.Database).Keys);
        }
        world.Lie = null;
        await world.KillAllAsync();
        await world.RunAsync(null);
        Assert.Equal(rows.Keys, SealedRows.Of(world.Database).Keys);
        Assert.Equal(rows.History.Order(), world.Announced.Order());
    }
}
