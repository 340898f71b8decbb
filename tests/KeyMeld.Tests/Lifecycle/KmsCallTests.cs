namespace KeyMeld.Tests.Lifecycle;

/// <summary>What KMS is asked, counted at the real enclave, and what that costs (docs/kms.md).</summary>
public class KmsCallTests
{
    private const decimal KeyAMonth = 1.00m;
    private const decimal TenThousandCalls = 0.03m;

    [Fact]
    public async Task Three_enclaves_that_restart_every_hour_cost_less_than_two_dollars_a_month()
    {
        await using var operated = await OperatedGateway.StartAsync(production: true);
        Assert.Equal(6ul, await CountAsync(operated, () => operated.DoAsync("genesis")));
        Assert.Equal(5ul, await StartAsync(operated));
        Assert.Equal(6ul, await CountAsync(operated, () => operated.DoAsync("rotate")));
        Assert.Equal(6ul, await CountAsync(operated, () => operated.DoAsync("rotate")));
        var start = await StartAsync(operated);
        Assert.Equal(11ul, start);
        Assert.Equal(0ul, await CountAsync(operated, () => operated.DoAsync("rewrap")));

        var calls = start * 3 * 24 * 30;
        Assert.Equal(23_760ul, calls);
        Assert.InRange(KeyAMonth + (calls * TenThousandCalls / 10_000), 1.07m, 1.08m);
    }

    [Fact]
    public async Task In_development_a_start_is_one_call_an_epoch_and_the_gateway_shows_them()
    {
        await using var operated = await OperatedGateway.StartAsync(production: false);
        await operated.DoAsync("rotate");
        Assert.Equal(2ul, await StartAsync(operated));
        Assert.Equal(2ul, operated.Parts.Fleet.Get(0).View.Status!.Counters.KmsCalls);
    }

    private static async Task<ulong> StartAsync(OperatedGateway operated)
    {
        await operated.RestartAsync();
        await operated.WhenReadyAsync();
        return (await operated.StatusAsync()).Counters.KmsCalls;
    }

    private static async Task<ulong> CountAsync(OperatedGateway operated, Func<Task> work)
    {
        var before = (await operated.StatusAsync()).Counters.KmsCalls;
        await work();
        return (await operated.StatusAsync()).Counters.KmsCalls - before;
    }
}
