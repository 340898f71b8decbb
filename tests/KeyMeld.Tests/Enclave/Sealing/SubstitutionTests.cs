using Google.Protobuf;
using KeyMeld.Protocol.Errors;
using KeyMeld.Tests.Enclave.Support;
using KeyMeld.Wire.V1;
using static KeyMeld.Wire.V1.EnclaveStatus.Types;

namespace KeyMeld.Tests.Enclave.Sealing;

/// <summary>The substitution matrix: everything a restart is made of replaced by something of the same form, alone and in pairs.</summary>
public class SubstitutionTests(MachineFixture fixture) : IClassFixture<MachineFixture>
{
    private static readonly string[] NamedReasons =
    [
        ErrorCodes.SealedKeyCorrupt, ErrorCodes.KmsConfigMismatch, ErrorCodes.KmsAccessDenied, ErrorCodes.KmsResponseInvalid, ErrorCodes.KmsCredentialsInvalid, ErrorCodes.KmsKeyNotFound,
    ];

    private TestMachine Machine => fixture.Machine;

    [Fact]
    public async Task K07_K08_no_substitution_alone_or_in_pairs_unlocks()
    {
        var other = await Machine.CreateKeyAsync(Machine.ClosedPolicy(Machine.Measurement));
        var mine = await (await Machine.StartEnclaveAsync()).BeginAsync();
        var theirs = await (await Machine.StartEnclaveAsync()).BeginAsync(number: 1);
        var again = await (await Machine.StartEnclaveAsync()).BeginAsync();
        var enclave = await Machine.StartEnclaveAsync(change: configuration => configuration with { Kms = configuration.Kms with { PreviousKeyIds = [other] } });

        (string Name, Action<UntrustedConfigure> Apply)[] substitutions =
        [
            ("the blob of another enclave", request => request.Rows[0].KmsEncryptedDek = theirs.KmsEncryptedDek),
            ("the blob of another key of this enclave", request => request.Rows[0].KmsEncryptedDek = again.KmsEncryptedDek),
            ("the sealed key of another enclave", request => request.Rows[0].EncryptedPrivateKey = theirs.EncryptedPrivateKey),
            ("the sealed key of another key of this enclave", request => request.Rows[0].EncryptedPrivateKey = again.EncryptedPrivateKey),
            ("the public key of another enclave", request => request.Rows[0].PublicKey = theirs.PublicKey),
            ("the public key of another key of this enclave", request => request.Rows[0].PublicKey = again.PublicKey),
            ("another number", request => request.Rows[0].EnclaveId = 1),
            ("another epoch", request => request.Rows[0].KeyEpoch = 2),
            ("another accepted KMS key", request => request.Rows[0].KmsKeyId = other),
            ("a KMS key of somebody else", request => request.Rows[0].KmsKeyId = other[..^4] + "ffff"),
            ("an alias", request => request.Rows[0].KmsKeyId = "alias/keymeld"),
            ("other credentials", request => request.Credentials = TestMachine.Pushed(Machine.Kms.Credentials.Admin)),
            ("unknown credentials", request => request.Credentials.AccessKeyId = "AKIAUNKNOWN"),
            ("a bit of the blob", request => request.Rows[0].KmsEncryptedDek = Flip(request.Rows[0].KmsEncryptedDek)),
            ("a bit of the sealed key", request => request.Rows[0].EncryptedPrivateKey = Flip(request.Rows[0].EncryptedPrivateKey)),
            ("a cut blob", request => request.Rows[0].KmsEncryptedDek = ByteString.CopyFrom(request.Rows[0].KmsEncryptedDek.Span[..^1])),
            ("the whole row of another enclave", request => request.Rows[0] = theirs.Clone()),
        ];

        var tried = 0;
        for (var i = 0; i < substitutions.Length; i++)
        {
            for (var j = i; j < substitutions.Length; j++)
            {
                var request = new UntrustedConfigure { Credentials = Machine.Credentials.Clone(), Rows = { mine.Clone() } };
                substitutions[i].Apply(request);
                substitutions[j].Apply(request);
                // Pairs that undo each other or amount to the other row of this very enclave are no substitution.
                if (request.Rows[0].Equals(mine) && request.Credentials.Equals(Machine.Credentials))
                {
                    continue;
                }
                var status = await enclave.ConfigureAsync(request);
                Assert.True(status.State == State.Locked && NamedReasons.Contains(status.Reason), $"{substitutions[i].Name} with {substitutions[j].Name}: {status.State} {status.Reason}");
                tried++;
            }
        }
        Assert.InRange(tried, 140, 153);
        Assert.Equal(State.Ready, (await enclave.ConfigureAsync(mine)).State);
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
        Assert.Equal(ErrorCodes.SealedKeyCorrupt, (await restarted.ConfigureAsync(first, second, second)).Reason);
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
