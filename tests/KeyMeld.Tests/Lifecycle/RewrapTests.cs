using KeyMeld.Protocol.Errors;
using KeyMeld.Tests.Enclave.Support;
using KeyMeld.Wire.V1;

namespace KeyMeld.Tests.Lifecycle;

public class RewrapTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task After_a_change_of_the_kms_key_every_epoch_opens_under_the_new_one_alone(bool production)
    {
        await using var operated = await OperatedGateway.StartAsync(production);
        if (production)
        {
            await operated.DoAsync("genesis");
        }
        await operated.DoAsync("rotate");
        var old = operated.KeyArn;
        var before = operated.Rows();
        await MoveAsync(operated);
        Assert.Equal(before, operated.Rows());

        var dry = await operated.DoAsync("rewrap", dryRun: true);
        Assert.All(dry.GetProperty("after").EnumerateArray(), row => Assert.Equal(operated.KeyArn, row.GetProperty("kms_key_id").GetString()));
        Assert.Equal(before, operated.Rows());

        await operated.DoAsync("rewrap");

        var after = operated.Rows();
        Assert.Equal(before.Select(row => (row.KeyEpoch, row.PublicKey)), after.Select(row => (row.KeyEpoch, row.PublicKey)));
        Assert.All(after, row => Assert.Equal(operated.KeyArn, row.KmsKeyId));
        Assert.All(after.Zip(before), pair => Assert.NotEqual(pair.Second.KmsEncryptedDek, pair.First.KmsEncryptedDek));
        Assert.All(after.Zip(before), pair => Assert.NotEqual(pair.Second.EncryptedPrivateKey, pair.First.EncryptedPrivateKey));

        // The old key is gone from the configuration and from KMS: nothing needs it any more.
        await operated.Machine.Admin.DisableKeyAsync(old, TestContext.Current.CancellationToken);
        operated.PreviousKeyArns = [];
        await operated.RestartAsync();
        await operated.WhenReadyAsync();
        Assert.Equal(before.Select(row => row.PublicKey), (await operated.StatusAsync()).Keys.Select(key => key.Key));
        await operated.DoAsync("rewrap");
        Assert.Equal(after, operated.Rows());
    }

    [Fact]
    public async Task A_gateway_that_names_the_new_key_goes_on_with_enclaves_of_the_old_one_until_they_moved()
    {
        await using var operated = await OperatedGateway.StartAsync(production: false);
        var old = operated.KeyArn;
        operated.KeyArn = await operated.Machine.CreateKeyAsync(operated.Machine.ClosedPolicy(operated.Machine.Measurement));
        await operated.StopGatewayAsync();
        await operated.StartGatewayAsync();
        await operated.WhenLockedAsync(ErrorCodes.KmsConfigMismatch);

        operated.PreviousKeyArns = [old];
        await operated.StopGatewayAsync();
        await operated.StartGatewayAsync();
        await operated.WhenReadyAsync();
        await operated.DoAsync("rotate");
        Assert.All(operated.Rows(), row => Assert.Equal(old, row.KmsKeyId));

        await operated.StopEnclaveAsync();
        await operated.StartEnclaveAsync();
        await operated.Parts.Fleet.Get(0).WhenReadyAgainAsync(TestContext.Current.CancellationToken);
        await operated.DoAsync("rewrap");
        Assert.All(operated.Rows(), row => Assert.Equal(operated.KeyArn, row.KmsKeyId));
    }

    [Fact]
    public async Task A_new_kms_key_that_denies_changes_no_row_and_the_enclave_goes_on()
    {
        await using var operated = await OperatedGateway.StartAsync(production: false);
        await operated.DoAsync("rotate");
        await MoveAsync(operated, policy: operated.Machine.ClosedPolicy(new(new string('a', 96), new string('b', 96), new string('c', 96))));
        await operated.RefusesAsync("rewrap", ErrorCodes.KmsAccessDenied);
        await operated.RefusesAsync("rewrap", ErrorCodes.KmsAccessDenied, dryRun: true);

        await operated.Machine.SetPolicyAsync(operated.KeyArn, operated.Machine.ClosedPolicy(operated.Machine.Measurement));
        await operated.DoAsync("rewrap");
        Assert.All(operated.Rows(), row => Assert.Equal(operated.KeyArn, row.KmsKeyId));
    }

    [Fact]
    public async Task An_answer_of_kms_that_fails_in_the_middle_leaves_every_row_under_the_old_key()
    {
        await using var operated = await OperatedGateway.StartAsync(production: false);
        await operated.DoAsync("rotate");
        await operated.DoAsync("rotate");
        await MoveAsync(operated);
        // Each epoch is a Decrypt, a GenerateDataKey and a second Decrypt: nine answers, each lost in turn.
        for (var lost = 1; lost <= 9; lost++)
        {
            var answers = 0;
            operated.Machine.Kms.Interceptor = exchange => Task.FromResult(Interlocked.Increment(ref answers) == lost ? KmsAnswers.Fault(400, "KMSInvalidStateException") : null);
            await operated.RefusesAsync("rewrap", ErrorCodes.KmsKeyDisabled);
            operated.Machine.Kms.Interceptor = null;
        }
        await operated.DoAsync("rewrap");
        Assert.All(operated.Rows(), row => Assert.Equal(operated.KeyArn, row.KmsKeyId));
    }

    [Fact]
    public async Task The_enclave_refuses_rows_that_are_not_all_of_its_own()
    {
        await using var machine = await TestMachine.StartAsync();
        var next = await machine.CreateKeyAsync(machine.ClosedPolicy(machine.Measurement));
        var foreign = await machine.CreateKeyAsync(machine.ClosedPolicy(machine.Measurement));
        var enclave = await machine.StartEnclaveAsync();
        var first = await enclave.BeginAsync();
        var second = await enclave.GenesisAsync(2);
        await enclave.ConfigureAsync(first, second);
        var moved = await machine.StartEnclaveAsync(change: configuration => configuration with { Kms = configuration.Kms with { KeyId = next, PreviousKeyIds = [machine.KeyArn] } });
        Assert.Equal(ErrorCodes.EnclaveLocked, (await TestEnclave.RefusalAsync(() => RewrapAsync(moved, first, second))).Code);
        await moved.ConfigureAsync(first, second);

        var theirs = await (await machine.StartEnclaveAsync()).BeginAsync();
        var elsewhere = second.Clone();
        elsewhere.KmsKeyId = foreign;
        (string Code, SealedKeyRow[] Rows)[] refused =
        [
            (ErrorCodes.SealedKeyCorrupt, [first]),
            (ErrorCodes.SealedKeyCorrupt, [second]),
            (ErrorCodes.SealedKeyCorrupt, []),
            (ErrorCodes.SealedKeyCorrupt, [first, second, second]),
            (ErrorCodes.SealedKeyCorrupt, [theirs, second]),
            (ErrorCodes.KmsConfigMismatch, [first, elsewhere]),
        ];
        foreach (var (code, rows) in refused)
        {
            Assert.Equal(code, (await TestEnclave.RefusalAsync(() => RewrapAsync(moved, rows))).Code);
        }

        var dry = await moved.Client.RewrapAsync(new UntrustedRewrap { DryRun = true, Rows = { first, second } }, cancellationToken: TestContext.Current.CancellationToken);
        Assert.Equal([(1u, next), (2u, next)], dry.Rows.Select(row => (row.KeyEpoch, row.KmsKeyId)));
        Assert.All(dry.Rows, row => Assert.True(row.KmsEncryptedDek.IsEmpty && row.EncryptedPrivateKey.IsEmpty, "A dry run hands no ciphertext out."));
        var reply = await RewrapAsync(moved, second, first);
        Assert.Equal([(1u, next), (2u, next)], reply.Rows.Select(row => (row.KeyEpoch, row.KmsKeyId)));
        var again = await RewrapAsync(moved, [.. reply.Rows]);
        Assert.Equal(reply.Rows, again.Rows);
        var alone = await machine.StartEnclaveAsync(change: configuration => configuration with { Kms = configuration.Kms with { KeyId = next } });
        Assert.Equal([first.PublicKey, second.PublicKey], (await alone.ConfigureAsync([.. reply.Rows])).Keys.Select(key => key.Key));
    }

    private static async Task<RewrapReply> RewrapAsync(TestEnclave enclave, params SealedKeyRow[] rows) =>
        await enclave.Client.RewrapAsync(new UntrustedRewrap { Rows = { rows } }, cancellationToken: TestContext.Current.CancellationToken);

    private static async Task MoveAsync(OperatedGateway operated, string? policy = null)
    {
        operated.PreviousKeyArns = [operated.KeyArn];
        operated.KeyArn = await operated.Machine.CreateKeyAsync(policy ?? operated.Machine.ClosedPolicy(operated.Machine.Measurement));
        await operated.RestartAsync();
        await operated.WhenReadyAsync();
    }
}
