using KeyMeld.Protocol.Errors;
using KeyMeld.Tests.Enclave.Support;
using KeyMeld.Wire.V1;
using static KeyMeld.Wire.V1.EnclaveStatus.Types;

namespace KeyMeld.Tests.Enclave.Sealing;

public class ConcurrencyTests(MachineFixture fixture) : IClassFixture<MachineFixture>
{
    private TestMachine Machine => fixture.Machine;

    [Fact]
    public async Task K32_calls_at_once_make_one_key_and_open_it_once()
    {
        var enclave = await Machine.StartEnclaveAsync();
        await enclave.ConfigureAsync();
        var rows = await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => enclave.GenesisAsync()));
        Assert.Single(rows.Distinct());

        var restarted = await Machine.StartEnclaveAsync();
        var states = await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => restarted.ConfigureAsync(rows[0])));
        Assert.All(states, status => Assert.Equal(State.Ready, status.State));
        Assert.Equal(1ul, (await restarted.StatusAsync()).Counters.KmsCalls);
    }

    [Fact]
    public async Task More_waiting_calls_than_a_gateway_makes_are_turned_away()
    {
        var row = await (await Machine.StartEnclaveAsync()).BeginAsync();
        var enclave = await Machine.StartEnclaveAsync();
        var release = new TaskCompletionSource();
        using (fixture.Between(async exchange =>
        {
            await release.Task;
            return exchange.Answer;
        }))
        {
            var calls = Enumerable.Range(0, 20).Select(_ => CodeAsync(enclave, row)).ToList();
            await Task.WhenAny(calls);
            Assert.Equal(State.Locked, (await enclave.StatusAsync()).State);
            release.SetResult();
            var codes = await Task.WhenAll(calls);
            Assert.Contains("ok", codes);
            Assert.Contains(ErrorCodes.Busy, codes);
            Assert.All(codes, code => Assert.Contains(code, new[] { "ok", ErrorCodes.Busy }));
        }
        Assert.Equal(State.Ready, (await enclave.StatusAsync()).State);
    }

    [Fact]
    public async Task A_call_given_up_by_the_gateway_leaves_the_enclave_locked_and_able_to_go_on()
    {
        var row = await (await Machine.StartEnclaveAsync()).BeginAsync();
        var enclave = await Machine.StartEnclaveAsync();
        using var giveUp = new CancellationTokenSource();
        using (fixture.Between(async exchange =>
        {
            await giveUp.CancelAsync();
            await Task.Delay(Timeout.Infinite, exchange.Http.RequestAborted).ContinueWith(_ => { }, TaskScheduler.Default);
            return null;
        }))
        {
            await Assert.ThrowsAsync<Grpc.Core.RpcException>(async () =>
                await enclave.Client.ConfigureAsync(new UntrustedConfigure { Credentials = Machine.Credentials, Rows = { row } }, cancellationToken: giveUp.Token));
        }
        Assert.Equal(State.Ready, (await enclave.ConfigureAsync(row)).State);
    }

    private async Task<string> CodeAsync(TestEnclave enclave, SealedKeyRow row)
    {
        try
        {
            await enclave.ConfigureAsync(row);
            return "ok";
        }
        catch (Grpc.Core.RpcException exception)
        {
            return KeyMeld.Wire.EnclaveFault.FromRpc(exception).Code;
        }
    }
}
