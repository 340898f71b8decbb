using Amazon.KeyManagementService.Model;
using Google.Protobuf;
using Grpc.Core;
using KeyMeld.Protocol.Errors;
using KeyMeld.Protocol.Identity;
using KeyMeld.Protocol.Sessions;
using KeyMeld.Secp256k1;
using KeyMeld.Tests.Enclave.Support;
using KeyMeld.Wire.Transport;
using KeyMeld.Wire.V1;
using static KeyMeld.Wire.V1.EnclaveStatus.Types;

namespace KeyMeld.Tests.Enclave.Processes;

/// <summary>Whoever writes the gateway's database or speaks in its place, against the built program: what he hands over and what he asks for.</summary>
public class RowProcessTests(ProcessFixture fixture) : IClassFixture<ProcessFixture>
{
    private TestMachine Machine => fixture.Machine;

    [Fact]
    public async Task K06_a_record_under_the_right_data_key_that_holds_another_key_than_it_names_is_refused()
    {
        // Whoever can have data keys made could seal what he likes; the name in the record is the one clients pinned.
        using var knowing = fixture.Between(exchange => exchange.Operation is "GenerateDataKey" or "Decrypt" ? exchange.Forged(HostileAnswers.KnownKey) : exchange.Answer);
        var row = await (await Machine.StartProcessAsync()).BeginAsync();
        var enclave = await Machine.StartProcessAsync();
        var aad = SealedKeyAad.Of(0, 1, PublicKey.Parse(row.PublicKey.Span), row.KmsKeyId, row.KmsEncryptedDek.Span);
        using var theirs = SecretKey.Generate();
        using var exported = theirs.Export();
        foreach (var (plaintext, complaint) in new[] { (exported.Span.ToArray(), "holds another key than it names"), (new byte[32], "holds no key") })
        {
            var forged = row.Clone();
            forged.EncryptedPrivateKey = ByteString.CopyFrom(AesGcmWire.Encrypt(HostileAnswers.KnownKey, aad, plaintext));
            var status = await enclave.ConfigureAsync(forged);
            Locked(status, ErrorCodes.SealedKeyCorrupt);
            Assert.Contains(complaint, status.Detail, StringComparison.Ordinal);
        }
        Assert.Equal(State.Ready, (await enclave.ConfigureAsync(row)).State);
    }

    [Fact]
    public async Task K07_K08_columns_and_rows_of_another_enclave_open_nothing()
    {
        var mine = await fixture.RowAsync();
        var theirs = await (await Machine.StartProcessAsync(1)).BeginAsync(number: 1);
        var enclave = await Machine.StartProcessAsync();
        Action<SealedKeyRow>[] columns =
        [
            row => row.KmsEncryptedDek = theirs.KmsEncryptedDek,
            row => row.EncryptedPrivateKey = theirs.EncryptedPrivateKey,
            row => row.PublicKey = theirs.PublicKey,
            row => row.EnclaveId = theirs.EnclaveId,
        ];
        // Every set of columns, the whole row included; only the empty set is honest. What comes with their number is refused as theirs.
        for (var set = 1; set < 1 << columns.Length; set++)
        {
            var row = mine.Clone();
            for (var column = 0; column < columns.Length; column++)
            {
                if ((set >> column & 1) == 1)
                {
                    columns[column](row);
                }
            }
            Locked(await enclave.ConfigureAsync(row), ErrorCodes.SealedKeyCorrupt);
        }
        // Their row and their number as a new enclave's: opens, and is their key, not this one's in another's name.
        Assert.Equal(State.Ready, (await enclave.ConfigureAsync(mine)).State);
        Assert.Equal(ErrorCodes.EnclaveConfigured, (await EnclaveCaller.RefusalAsync(() => enclave.ConfigureAsync(
            new UntrustedConfigure { EnclaveId = 1, Credentials = Machine.Credentials, Rows = { theirs } }))).Code);
        Assert.Equal(mine.PublicKey, Assert.Single((await enclave.StatusAsync()).Keys).Key);
    }

    [Fact]
    public async Task K09_an_older_state_gives_older_keys_and_never_another_key_for_an_epoch_in_use()
    {
        var enclave = await Machine.StartProcessAsync();
        var first = await enclave.BeginAsync();
        var second = await enclave.GenesisAsync(2);
        Assert.Equal(2, (await enclave.ConfigureAsync(first, second)).Keys.Count);

        // Rolled back to before the second epoch: the enclave cannot know, but shows it, and clients that pinned the second refuse (enclave_changed).
        var rolledBack = await Machine.StartProcessAsync();
        Assert.Equal([1u], (await rolledBack.ConfigureAsync(first)).Keys.Select(key => key.Epoch));
        var another = await rolledBack.GenesisAsync(2);
        Assert.NotEqual(second.PublicKey, another.PublicKey);
        await rolledBack.ConfigureAsync(first, another);
        Assert.Equal(ErrorCodes.SealedKeyCorrupt, (await EnclaveCaller.RefusalAsync(() => rolledBack.ConfigureAsync(first, second))).Code);
        Assert.Equal(ErrorCodes.SealedKeyCorrupt, (await EnclaveCaller.RefusalAsync(() => enclave.ConfigureAsync(first, another))).Code);
        Assert.Equal([first.PublicKey, second.PublicKey], (await enclave.StatusAsync()).Keys.Select(key => key.Key));
        Assert.Equal([first.PublicKey, second.PublicKey], (await (await Machine.StartProcessAsync()).ConfigureAsync(second, first)).Keys.Select(key => key.Key));
    }

    [Fact]
    public async Task K10_G10_without_its_rows_an_enclave_stays_locked_and_makes_no_key_by_itself()
    {
        var row = await fixture.RowAsync();
        var enclave = await Machine.StartProcessAsync();
        (long, long) Calls() => (Machine.Kms.Calls.GetValueOrDefault("GenerateDataKey"), Machine.Kms.Calls.GetValueOrDefault("Decrypt"));
        var before = Calls();
        Assert.Equal(ErrorCodes.EnclaveLocked, (await EnclaveCaller.RefusalAsync(() => enclave.GenesisAsync())).Code);
        Locked(await enclave.ConfigureAsync(new UntrustedConfigure { Credentials = Machine.Credentials, RowsError = "disk I/O error" }), ErrorCodes.SealedKeyUnreadable);
        Assert.Equal(ErrorCodes.SealedKeyUnreadable, (await EnclaveCaller.RefusalAsync(() => enclave.GenesisAsync())).Code);
        foreach (var change in new Action<SealedKeyRow>[]
        {
            changed => changed.EncryptedPrivateKey = ByteString.Empty, changed => changed.KmsEncryptedDek = ByteString.Empty, changed => changed.PublicKey = ByteString.Empty,
            changed => changed.KeyEpoch = 0, changed => changed.KeyEpoch = uint.MaxValue, changed => changed.EncryptedPrivateKey = ByteString.CopyFrom(new byte[60]),
            changed => changed.KmsEncryptedDek = ByteString.CopyFrom(new byte[6145]), changed => changed.PublicKey = ByteString.CopyFrom(new byte[33]),
        })
        {
            var bad = row.Clone();
            change(bad);
            Locked(await enclave.ConfigureAsync(bad), ErrorCodes.SealedKeyCorrupt);
            // There is a row, so there may be a key: none is made in its place.
            Assert.Equal(ErrorCodes.SealedKeyCorrupt, (await EnclaveCaller.RefusalAsync(() => enclave.GenesisAsync())).Code);
        }
        Locked(await enclave.ConfigureAsync(), ErrorCodes.SealedKeyMissing);
        Assert.Equal(before, Calls());
        Assert.Equal(State.Ready, (await enclave.ConfigureAsync(row)).State);
    }

    [Fact]
    public async Task K18_K25_powerless_credentials_and_a_disabled_key_lock_and_the_right_ones_unlock()
    {
        var row = await fixture.RowAsync();
        var enclave = await Machine.StartProcessAsync();
        Task<EnclaveStatus> With(AwsCredentials credentials) => enclave.ConfigureAsync(new UntrustedConfigure { Credentials = credentials, Rows = { row } });
        Locked(await With(TestMachine.Pushed(Machine.Kms.Credentials.Admin)), ErrorCodes.KmsAccessDenied);
        Locked(await With(new AwsCredentials { AccessKeyId = "AKIAUNKNOWN", SecretAccessKey = "unknown" }), ErrorCodes.KmsCredentialsInvalid);
        var expired = Machine.Credentials;
        expired.ExpiresMs = 1;
        Locked(await With(expired), ErrorCodes.KmsCredentialsInvalid);
        await Machine.Admin.DisableKeyAsync(new DisableKeyRequest { KeyId = Machine.KeyArn }, TestContext.Current.CancellationToken);
        Locked(await With(Machine.Credentials), ErrorCodes.KmsKeyDisabled);
        await Machine.Admin.EnableKeyAsync(new EnableKeyRequest { KeyId = Machine.KeyArn }, TestContext.Current.CancellationToken);
        Assert.Equal(State.Ready, (await With(Machine.Credentials)).State);
    }

    [Fact]
    public async Task K21_an_enclave_goes_by_its_modules_time_and_a_false_one_is_denied_by_kms_and_nothing_else_happens()
    {
        var time = new ShiftedTime();
        await using var machine = await TestMachine.StartAsync(program: EnclavePrograms.Enclave, nitroTime: time);
        var row = await (await machine.StartProcessAsync()).BeginAsync();
        time.Shift = TimeSpan.FromMinutes(10);
        var ahead = await machine.StartProcessAsync();
        var status = await ahead.ConfigureAsync(row);
        Locked(status, ErrorCodes.KmsCredentialsInvalid);
        Assert.Equal("InvalidSignatureException", status.AwsCode);
        time.Shift = TimeSpan.Zero;
        Assert.Equal(State.Ready, (await (await machine.StartProcessAsync()).ConfigureAsync(row)).State);
    }

    [Fact]
    public async Task K30_nothing_an_enclave_answers_holds_its_key_and_there_is_no_call_that_gives_it_out()
    {
        using var knowing = fixture.Between(exchange => exchange.Operation is "GenerateDataKey" or "Decrypt" ? exchange.Forged(HostileAnswers.KnownKey) : exchange.Answer);
        var enclave = await Machine.StartProcessAsync();
        var row = await enclave.BeginAsync();
        var (identity, statement) = MemoryTests.Secrets(row, HostileAnswers.KnownKey);
        IMessage[] answers =
        [
            row, await enclave.StatusAsync(), await enclave.ConfigureAsync(row), await enclave.GenesisAsync(2),
            await enclave.Client.GetIdentityAsync(new GetIdentityRequest { Nonce = ByteString.CopyFrom(new byte[32]) }, cancellationToken: TestContext.Current.CancellationToken),
        ];
        foreach (var secret in new[] { identity, statement, HostileAnswers.KnownKey })
        {
            Assert.All(answers, answer => Assert.Equal(-1, answer.ToByteArray().AsSpan().IndexOf(secret)));
        }
        using var channel = EnclaveChannel.Open("unix:" + enclave.Socket);
        var raw = channel.CreateCallInvoker();
        foreach (var name in new[] { "Export", "ExportKey", "Migrate", "Unseal", "Reseal", "Debug" })
        {
            var marshaller = Marshallers.Create(bytes => bytes, bytes => bytes);
            var method = new Method<byte[], byte[]>(MethodType.Unary, "keymeld.enclave.v1.Enclave", name, marshaller, marshaller);
            Assert.Equal(StatusCode.Unimplemented, (await Assert.ThrowsAsync<RpcException>(async () => await raw.AsyncUnaryCall(method, null, default, []))).StatusCode);
        }
    }

    private static void Locked(EnclaveStatus status, string reason)
    {
        Assert.Equal((State.Locked, reason), (status.State, status.Reason));
        Assert.Empty(status.Keys);
        Assert.NotEmpty(status.Detail);
    }
}
