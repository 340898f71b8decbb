using Amazon.KeyManagementService.Model;
using KeyMeld.DevKit.Kms.Wire;
using KeyMeld.Protocol.Errors;
using KeyMeld.Tests.Enclave.Support;
using KeyMeld.Wire.V1;
using static KeyMeld.Wire.V1.EnclaveStatus.Types;

namespace KeyMeld.Tests.Enclave.Sealing;

/// <summary>Every way a restart can fail leaves the enclave locked with a reason, and it recovers with the next Configure when the cause is gone.</summary>
public class LockedStateTests(MachineFixture fixture) : IClassFixture<MachineFixture>
{
    private TestMachine Machine => fixture.Machine;

    [Fact]
    public async Task K25_a_disabled_or_dying_key_is_named_and_works_again_when_enabled()
    {
        var row = await (await Machine.StartEnclaveAsync()).BeginAsync();
        var enclave = await Machine.StartEnclaveAsync();

        await Machine.Admin.DisableKeyAsync(new DisableKeyRequest { KeyId = Machine.KeyArn }, TestContext.Current.CancellationToken);
        Locked(await enclave.ConfigureAsync(row), ErrorCodes.KmsKeyDisabled, "DisabledException");
        await Machine.Admin.ScheduleKeyDeletionAsync(new ScheduleKeyDeletionRequest { KeyId = Machine.KeyArn }, TestContext.Current.CancellationToken);
        Locked(await enclave.ConfigureAsync(row), ErrorCodes.KmsKeyDisabled, "KMSInvalidStateException");
        await Machine.Admin.CancelKeyDeletionAsync(new CancelKeyDeletionRequest { KeyId = Machine.KeyArn }, TestContext.Current.CancellationToken);
        await Machine.Admin.EnableKeyAsync(new EnableKeyRequest { KeyId = Machine.KeyArn }, TestContext.Current.CancellationToken);

        Assert.Equal(State.Ready, (await enclave.ConfigureAsync(row)).State);
    }

    [Fact]
    public async Task A_measurement_the_policy_does_not_name_is_denied_until_it_does()
    {
        var row = await (await Machine.StartEnclaveAsync()).BeginAsync();
        var upgraded = Path.Combine(Machine.BinaryFolder, "upgrade.dll");
        await File.WriteAllTextAsync(upgraded, "another program", TestContext.Current.CancellationToken);
        try
        {
            var enclave = await Machine.StartEnclaveAsync();
            Locked(await enclave.ConfigureAsync(row), ErrorCodes.KmsAccessDenied, "AccessDeniedException");
            await Machine.SetPolicyAsync(Machine.KeyArn, Machine.ClosedPolicy(Machine.Measurement));
            Assert.Equal(State.Ready, (await enclave.ConfigureAsync(row)).State);
        }
        finally
        {
            File.Delete(upgraded);
            await Machine.SetPolicyAsync(Machine.KeyArn, Machine.ClosedPolicy(Machine.Measurement));
        }
    }

    [Fact]
    public async Task K10_missing_and_unreadable_rows_lock_and_no_key_is_made_by_itself()
    {
        var row = await (await Machine.StartEnclaveAsync()).BeginAsync();
        var enclave = await Machine.StartEnclaveAsync();
        var calls = Machine.Kms.Calls.GetValueOrDefault("GenerateDataKey");

        Locked(await enclave.ConfigureAsync(new UntrustedConfigure { Credentials = Machine.Credentials, RowsError = "disk I/O error\n(code 10)" }), ErrorCodes.SealedKeyUnreadable);
        Assert.Contains("disk I/O error?(code 10)", (await enclave.StatusAsync()).Detail, StringComparison.Ordinal);
        Assert.Equal(ErrorCodes.SealedKeyUnreadable, (await TestEnclave.RefusalAsync(() => enclave.GenesisAsync())).Code);
        Locked(await enclave.ConfigureAsync(), ErrorCodes.SealedKeyMissing);

        Assert.Equal(calls, Machine.Kms.Calls.GetValueOrDefault("GenerateDataKey"));
        Assert.Equal(State.Ready, (await enclave.ConfigureAsync(row)).State);
    }

    [Fact]
    public async Task K18_useless_credentials_are_named_and_good_ones_unlock()
    {
        var row = await (await Machine.StartEnclaveAsync()).BeginAsync();
        var enclave = await Machine.StartEnclaveAsync();
        Task<EnclaveStatus> With(AwsCredentials? credentials) => enclave.ConfigureAsync(new UntrustedConfigure { Credentials = credentials, Rows = { row } });

        Locked(await With(null), ErrorCodes.KmsCredentialsInvalid);
        Locked(await With(new AwsCredentials { AccessKeyId = "AKIA", SecretAccessKey = "not known" }), ErrorCodes.KmsCredentialsInvalid);
        Locked(await With(new AwsCredentials { AccessKeyId = "AKIAUNKNOWN", SecretAccessKey = "unknown" }), ErrorCodes.KmsCredentialsInvalid, "UnrecognizedClientException");
        var wrongSecret = Machine.Credentials;
        wrongSecret.SecretAccessKey = "wrong";
        Locked(await With(wrongSecret), ErrorCodes.KmsCredentialsInvalid, "InvalidSignatureException");
        var expired = Machine.Credentials;
        expired.ExpiresMs = 1;
        Locked(await With(expired), ErrorCodes.KmsCredentialsInvalid);
        Locked(await With(TestMachine.Pushed(Machine.Kms.Credentials.Admin)), ErrorCodes.KmsAccessDenied, "AccessDeniedException");

        Assert.Equal(ErrorCodes.KmsCredentialsInvalid,
            (await TestEnclave.RefusalAsync(async () => await enclave.Client.PushCredentialsAsync(new AwsCredentials { AccessKeyId = "x" }))).Code);
        await enclave.Client.PushCredentialsAsync(Machine.Credentials, cancellationToken: TestContext.Current.CancellationToken);
        Assert.Equal(State.Ready, (await With(null)).State);
    }

    [Fact]
    public async Task A_token_that_expires_in_the_middle_is_replaced_by_the_one_pushed_meanwhile()
    {
        var row = await (await Machine.StartEnclaveAsync()).BeginAsync();
        var enclave = await Machine.StartEnclaveAsync();
        var expired = KmsAnswers.Fault(400, "ExpiredTokenException");
        using (fixture.Between(_ => expired))
        {
            Locked(await enclave.ConfigureAsync(row), ErrorCodes.KmsCredentialsInvalid, "ExpiredTokenException");
        }
        var first = true;
        using (fixture.Between(async exchange =>
        {
            if (!first)
            {
                return exchange.Answer;
            }
            first = false;
            await enclave.Client.PushCredentialsAsync(Machine.Credentials);
            return expired;
        }))
        {
            // KMS knows only the credentials that are pushed in the middle.
            var unknown = Machine.Credentials.Clone();
            unknown.AccessKeyId = "ASIA0000000000000000";
            Assert.Equal(State.Ready, (await enclave.ConfigureAsync(new UntrustedConfigure { Credentials = unknown, Rows = { row } })).State);
        }
        Assert.False(first);
    }

    [Theory]
    [InlineData(400, "ThrottlingException", ErrorCodes.KmsThrottled)]
    [InlineData(500, "KMSInternalException", ErrorCodes.KmsUnreachable)]
    [InlineData(500, "DependencyTimeoutException", ErrorCodes.KmsUnreachable)]
    [InlineData(503, null, ErrorCodes.KmsUnreachable)]
    public async Task K26_passing_faults_are_retried_a_few_times_and_no_more(int status, string? code, string expected)
    {
        var row = await (await Machine.StartEnclaveAsync()).BeginAsync();
        var enclave = await Machine.StartEnclaveAsync();
        var calls = 0;
        using (fixture.Between(_ => ++calls > 0 ? KmsAnswers.Fault(status, code) : null))
        {
            Locked(await enclave.ConfigureAsync(row), expected);
            Assert.Equal(4, calls);
        }
        calls = 0;
        using (fixture.Between(exchange => ++calls < 3 ? KmsAnswers.Fault(status, code) : exchange.Answer))
        {
            Assert.Equal(State.Ready, (await enclave.ConfigureAsync(row)).State);
            Assert.Equal(3, calls);
        }
    }

    [Theory]
    [InlineData("AccessDeniedException", ErrorCodes.KmsAccessDenied)]
    [InlineData("NotFoundException", ErrorCodes.KmsKeyNotFound)]
    [InlineData("ValidationException", ErrorCodes.KmsAttestationRejected)]
    [InlineData("InvalidCiphertextException", ErrorCodes.SealedKeyCorrupt)]
    [InlineData("IncorrectKeyException", ErrorCodes.SealedKeyCorrupt)]
    [InlineData("SomethingNewException", ErrorCodes.KmsResponseInvalid)]
    public async Task K23_final_faults_are_asked_once(string code, string expected)
    {
        var row = await (await Machine.StartEnclaveAsync()).BeginAsync();
        var enclave = await Machine.StartEnclaveAsync();
        var calls = 0;
        using (fixture.Between(_ => ++calls > 0 ? KmsAnswers.Fault(400, code) : null))
        {
            Locked(await enclave.ConfigureAsync(row), expected, code);
        }
        Assert.Equal(1, calls);
        Assert.Equal(State.Ready, (await enclave.ConfigureAsync(row)).State);
    }

    [Fact]
    public async Task A_broken_line_to_kms_is_unreachable_and_mends()
    {
        var row = await (await Machine.StartEnclaveAsync()).BeginAsync();
        var enclave = await Machine.StartEnclaveAsync();
        using (fixture.Between(KmsAnswer? (_) => null))
        {
            Locked(await enclave.ConfigureAsync(row), ErrorCodes.KmsUnreachable);
        }
        Assert.Equal(State.Ready, (await enclave.ConfigureAsync(row)).State);

        var nowhere = await Machine.StartEnclaveAsync(change: configuration => configuration with { Kms = configuration.Kms with { Endpoint = new Uri("http://127.0.0.1:9") } });
        Locked(await nowhere.ConfigureAsync(row), ErrorCodes.KmsUnreachable);
    }

    [Fact]
    public async Task The_number_is_fixed_for_the_boot_and_what_is_ready_stays_so()
    {
        var enclave = await Machine.StartEnclaveAsync();
        var row = await enclave.BeginAsync();
        Assert.Equal(ErrorCodes.EnclaveConfigured, (await TestEnclave.RefusalAsync(() => enclave.ConfigureAsync(new UntrustedConfigure { EnclaveId = 1, Credentials = Machine.Credentials }))).Code);
        Assert.Equal(ErrorCodes.EnclaveConfigured, (await TestEnclave.RefusalAsync(() => enclave.GenesisAsync(2, enclave: 1))).Code);
        Assert.Equal(ErrorCodes.BadRequest, (await TestEnclave.RefusalAsync(() => enclave.ConfigureAsync(new UntrustedConfigure { EnclaveId = uint.MaxValue }))).Code);

        var ready = await enclave.StatusAsync();
        Assert.Equal(ready.Counters.KmsCalls, (await enclave.ConfigureAsync(row)).Counters.KmsCalls);
        Assert.Equal(ErrorCodes.SealedKeyMissing, (await TestEnclave.RefusalAsync(() => enclave.ConfigureAsync())).Code);
        Assert.Equal(ErrorCodes.SealedKeyUnreadable, (await TestEnclave.RefusalAsync(() => enclave.ConfigureAsync(new UntrustedConfigure { RowsError = "x" }))).Code);
        var other = await (await Machine.StartEnclaveAsync()).BeginAsync();
        Assert.Equal(ErrorCodes.SealedKeyCorrupt, (await TestEnclave.RefusalAsync(() => enclave.ConfigureAsync(other))).Code);
        Assert.Equal(ready.Keys, (await enclave.StatusAsync()).Keys);
    }

    private static void Locked(EnclaveStatus status, string reason, string awsCode = "")
    {
        Assert.Equal((State.Locked, reason, awsCode), (status.State, status.Reason, awsCode.Length == 0 ? "" : status.AwsCode));
        Assert.Empty(status.Keys);
        Assert.NotEmpty(status.Detail);
    }
}
