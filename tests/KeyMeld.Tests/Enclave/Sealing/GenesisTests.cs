using KeyMeld.Protocol.Errors;
using KeyMeld.Tests.Enclave.Support;
using static KeyMeld.Wire.V1.EnclaveStatus.Types;

namespace KeyMeld.Tests.Enclave.Sealing;

public class GenesisTests
{
    [Fact]
    public async Task A_first_key_is_used_only_when_its_record_came_back_and_survives_a_restart()
    {
        await using var machine = await TestMachine.StartAsync();
        var enclave = await machine.StartEnclaveAsync();
        Assert.Equal(State.Unconfigured, (await enclave.StatusAsync()).State);

        var empty = await enclave.ConfigureAsync();
        Assert.Equal((State.Locked, ErrorCodes.SealedKeyMissing), (empty.State, empty.Reason));

        var row = await enclave.GenesisAsync();
        Assert.Equal((0u, 1u, machine.KeyArn), (row.EnclaveId, row.KeyEpoch, row.KmsKeyId));
        Assert.Equal(State.Locked, (await enclave.StatusAsync()).State);
        Assert.Equal(row, await enclave.GenesisAsync());

        var calls = (await enclave.StatusAsync()).Counters.KmsCalls;
        var ready = await enclave.ConfigureAsync(row);
        Assert.Equal(State.Ready, ready.State);
        Assert.Equal(row.PublicKey, Assert.Single(ready.Keys).Key);
        Assert.Equal(calls, ready.Counters.KmsCalls);

        var restarted = await (await machine.StartEnclaveAsync()).ConfigureAsync(row);
        Assert.Equal(State.Ready, restarted.State);
        Assert.Equal(ready.Keys, restarted.Keys);
        Assert.NotEqual(ready.Boot, restarted.Boot);
    }
}
