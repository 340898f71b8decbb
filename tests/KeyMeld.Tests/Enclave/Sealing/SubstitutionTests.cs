using Google.Protobuf;
using KeyMeld.Protocol.Errors;
using KeyMeld.Tests.Enclave.Support;
using static KeyMeld.Wire.V1.EnclaveStatus.Types;

namespace KeyMeld.Tests.Enclave.Sealing;

/// <summary>Everything a restart is made of replaced by something of the same form.</summary>
public class SubstitutionTests(MachineFixture fixture) : IClassFixture<MachineFixture>
{
    private TestMachine Machine => fixture.Machine;

    [Fact]
    public async Task K04_K05_K07_K08_K12_K18_no_substitution_alone_or_in_pairs_unlocks()
    {
        await using var matrix = await SubstitutionMatrix.StartAsync(fixture);
        await matrix.TryAllAsync();
        Assert.InRange(matrix.Tried, 700, 1000);
        await matrix.RequireHonestAsync();
    }

    [Fact]
    public async Task G10_a_changed_kms_key_in_the_configuration_is_named_and_previous_ones_are_accepted()
    {
        var row = await (await Machine.StartEnclaveAsync()).BeginAsync();
        var next = await Machine.CreateKeyAsync(Machine.ClosedPolicy(Machine.Measurement));

        var changed = await Machine.StartEnclaveAsync(change: configuration => configuration with { Kms = configuration.Kms with { KeyId = next } });
        var status = await changed.ConfigureAsync(row);
        Assert.Equal((State.Locked, ErrorCodes.KmsConfigMismatch), (status.State, status.Reason));
        Assert.Contains(row.KmsKeyId, status.Detail, StringComparison.Ordinal);

        var widened = await Machine.StartEnclaveAsync(change: configuration => configuration with { Kms = configuration.Kms with { KeyId = next, PreviousKeyIds = [row.KmsKeyId] } });
        Assert.Equal(State.Ready, (await widened.ConfigureAsync(row)).State);
        // A further epoch is sealed under the configured key.
        var second = await widened.GenesisAsync(2);
        Assert.Equal(next, second.KmsKeyId);
        Assert.Equal(2, (await widened.ConfigureAsync(row, second)).Keys.Count);
        Assert.Equal(2, (await (await Machine.StartEnclaveAsync(change: configuration => configuration with { Kms = configuration.Kms with { KeyId = next, PreviousKeyIds = [row.KmsKeyId] } }))
            .ConfigureAsync(second, row)).Keys.Count);
    }

    [Fact]
    public async Task One_bad_row_among_good_ones_locks_and_repeated_rows_are_refused()
    {
        var enclave = await Machine.StartEnclaveAsync();
        var first = await enclave.BeginAsync();
        var second = await enclave.GenesisAsync(2);
        await enclave.ConfigureAsync(first, second);
        var bad = second.Clone();
        bad.EncryptedPrivateKey = Flip(bad.EncryptedPrivateKey);

        var restarted = await Machine.StartEnclaveAsync();
        Assert.Equal(ErrorCodes.SealedKeyCorrupt, (await restarted.ConfigureAsync(first, bad)).Reason);
        var repeated = await restarted.ConfigureAsync(first, second, second);
        Assert.Equal(ErrorCodes.SealedKeyCorrupt, repeated.Reason);
        Assert.Contains("twice", repeated.Detail, StringComparison.Ordinal);
        Assert.Equal(ErrorCodes.LimitExceeded, (await restarted.ConfigureAsync([.. Enumerable.Repeat(first, 257)])).Reason);
        Assert.Equal([1u, 2u], (await restarted.ConfigureAsync(second, first)).Keys.Select(key => key.Epoch));
    }

    private static ByteString Flip(ByteString bytes)
    {
        var copy = bytes.ToByteArray();
        copy[^1] ^= 1;
        return ByteString.CopyFrom(copy);
    }
}
