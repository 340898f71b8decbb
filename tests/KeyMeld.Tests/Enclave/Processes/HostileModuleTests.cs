using Google.Protobuf;
using KeyMeld.DevKit.Nsm.Device;
using KeyMeld.Protocol.Errors;
using KeyMeld.Tests.Enclave.Support;
using KeyMeld.Wire.V1;
using static KeyMeld.Wire.V1.EnclaveStatus.Types;

namespace KeyMeld.Tests.Enclave.Processes;

/// <summary>A module that breaks while the built program runs: what it answers is refused as what it is, and a whole one is taken up again.</summary>
public class HostileModuleTests(ProcessFixture fixture) : IClassFixture<ProcessFixture>
{
    private static readonly Dictionary<string, Func<byte[], byte[]>> Answers = new()
    {
        ["an error"] = _ => NsmResponse.Error("InternalError"),
        ["an error nobody knows"] = _ => NsmResponse.Error("Overheated"),
        ["random bytes for a document"] = _ => NsmResponse.GetRandom(new byte[256]),
        ["an empty document"] = _ => NsmResponse.Attestation([]),
        ["no CBOR"] = _ => [0xff],
        ["a cut answer"] = honest => honest[..^1],
        ["a trailing byte"] = honest => [.. honest, 0],
        ["a longer answer than the device gives"] = honest => [.. honest, .. new byte[0x3000]],
        ["a nested answer"] = _ => [.. Enumerable.Repeat((byte)0x81, 5000), 0],
    };

    [Fact]
    public async Task K20_K22_a_broken_answer_of_the_module_locks_and_a_whole_one_unlocks()
    {
        var row = await fixture.RowAsync();
        Func<byte[], byte[]>? lie = null;
        var lies = 0;
        var machine = fixture.Machine;
        await using var front = NsmFront.Start(Path.Combine(machine.Folder, "run", "front.sock"), machine.Module(0).SocketPath, (_, ask) =>
        {
            var honest = ask();
            lies += lie is null ? 0 : 1;
            return lie?.Invoke(honest) ?? honest;
        });
        var enclave = await machine.StartProcessAsync(nsm: front.Path);
        foreach (var (name, answer) in Answers)
        {
            (lie, lies) = (answer, 0);
            var status = await enclave.ConfigureAsync(row);
            Assert.True(status is { State: State.Locked, Reason: ErrorCodes.AttestationUnavailable } && lies > 0, $"{name}: {status}");
        }
        lie = null;
        Assert.Equal(State.Ready, (await enclave.ConfigureAsync(row)).State);

        // Once it is ready, an identity without a document is none.
        lie = Answers["an error"];
        var request = new GetIdentityRequest { Nonce = ByteString.CopyFrom(new byte[32]) };
        Assert.Equal(ErrorCodes.AttestationUnavailable, (await EnclaveCaller.RefusalAsync(async () => await enclave.Client.GetIdentityAsync(request, cancellationToken: TestContext.Current.CancellationToken))).Code);
        lie = null;
        Assert.NotEmpty((await enclave.Client.GetIdentityAsync(request, cancellationToken: TestContext.Current.CancellationToken)).Attestation);
    }
}
