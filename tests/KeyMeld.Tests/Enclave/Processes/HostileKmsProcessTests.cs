using KeyMeld.DevKit.Kms.Wire;
using KeyMeld.Protocol.Errors;
using KeyMeld.Tests.Enclave.Support;
using KeyMeld.Wire.V1;
using static KeyMeld.Wire.V1.EnclaveStatus.Types;

namespace KeyMeld.Tests.Enclave.Processes;

/// <summary>
/// The built program against somebody who answers in KMS's place. One enclave hears one lie after the other: each leaves it locked with a reason, without a key
/// and where it was, so that the honest answer at the end finds everything as before.
/// </summary>
public class HostileKmsProcessTests(ProcessFixture fixture) : IClassFixture<ProcessFixture>
{
    private const string GenerateDataKey = "GenerateDataKey";

    private TestMachine Machine => fixture.Machine;

    [Theory]
    [InlineData("K01")]
    [InlineData("K02")]
    public async Task K01_K02_a_data_key_that_is_not_the_one_that_was_made_opens_and_seals_nothing(string attack)
    {
        var lies = HostileAnswers.OtherKeys.Where(lie => lie.Key.StartsWith(attack, StringComparison.Ordinal)).ToList();
        Assert.NotEmpty(lies);
        await RestartAsync(lies, ErrorCodes.SealedKeyCorrupt, ErrorCodes.KmsResponseInvalid);
        await GenesisAsync(lies);
    }

    [Theory]
    [InlineData("K01")]
    [InlineData("K05")]
    [InlineData("K11")]
    [InlineData("K20")]
    public async Task K01_K05_K11_K20_K23_what_is_no_answer_to_this_call_is_refused_once_and_in_one_sentence(string attack)
    {
        var lies = HostileAnswers.NoAnswers.Where(lie => lie.Key.StartsWith(attack, StringComparison.Ordinal)).ToList();
        Assert.NotEmpty(lies);
        await RestartAsync(lies, ErrorCodes.KmsResponseInvalid);
        await GenesisAsync(lies);
    }

    [Fact]
    public async Task K02_K20_K23_a_change_of_any_field_of_the_sealed_answer_is_refused_once_and_in_one_sentence()
    {
        await RestartAsync([.. HostileAnswers.Fields], ErrorCodes.KmsResponseInvalid);
        await GenesisAsync([.. HostileAnswers.Fields]);
    }

    [Fact]
    public async Task K03_a_blob_of_another_data_key_is_found_before_the_key_is_handed_out()
    {
        var row = await fixture.RowAsync();
        var enclave = await Machine.StartProcessAsync();
        await enclave.ConfigureAsync();
        byte[] foreign = [.. row.KmsEncryptedDek];
        (string Name, Func<KmsExchange, KmsAnswer> Lie)[] lies =
        [
            ("the blob of an earlier key", exchange => exchange.Operation == GenerateDataKey ? exchange.Answer.WithBlob("CiphertextBlob", _ => foreign) : exchange.Answer),
            ("a changed blob", exchange => exchange.Operation == GenerateDataKey ? exchange.Answer.WithBlob("CiphertextBlob", blob => [.. blob[..^1], (byte)(blob[^1] ^ 1)]) : exchange.Answer),
            ("no blob", exchange => exchange.Operation == GenerateDataKey ? exchange.Answer.Without("CiphertextBlob") : exchange.Answer),
            ("a blob that is too long", exchange => exchange.Operation == GenerateDataKey ? exchange.Answer.WithBlob("CiphertextBlob", _ => new byte[6145]) : exchange.Answer),
            ("another data key at the second call", exchange => exchange.Operation == "Decrypt" ? exchange.Forged(HostileAnswers.KnownKey) : exchange.Answer),
        ];
        foreach (var (name, lie) in lies)
        {
            using (fixture.Between(lie))
            {
                var refusal = await EnclaveCaller.RefusalAsync(() => enclave.GenesisAsync());
                Assert.True(refusal.Code is ErrorCodes.KmsResponseInvalid, $"{name}: {refusal.Code}");
            }
            await IsWaitingForAKeyAsync(enclave);
        }
        Assert.Equal(State.Ready, (await enclave.ConfigureAsync(await enclave.GenesisAsync())).State);
    }

    [Fact]
    public async Task K11_the_answer_to_an_earlier_call_opens_nothing()
    {
        var row = await fixture.RowAsync();
        KmsAnswer? earlier = null;
        var first = await Machine.StartProcessAsync();
        using (fixture.Between(exchange => earlier ??= exchange.Answer))
        {
            Assert.Equal(State.Ready, (await first.ConfigureAsync(row)).State);
            var restarted = await Machine.StartProcessAsync();
            Assert.Equal(ErrorCodes.KmsResponseInvalid, (await restarted.ConfigureAsync(row)).Reason);
            Assert.Equal(ErrorCodes.KmsResponseInvalid, (await restarted.ConfigureAsync(row)).Reason);
        }
    }

    [Fact]
    public async Task K26_faults_that_pass_are_waited_out_and_make_no_second_key()
    {
        var enclave = await Machine.StartProcessAsync();
        await enclave.ConfigureAsync();
        var number = 0;
        // A fault of KMS's, a throttled call, an answer lost on its way after KMS did the work, a slow one; at each of the two calls.
        Func<KmsExchange, Task<KmsAnswer?>>[] faults =
        [
            exchange => Task.FromResult<KmsAnswer?>(KmsAnswers.Fault(500, "KMSInternalException")),
            exchange => Task.FromResult<KmsAnswer?>(KmsAnswers.Fault(400, "ThrottlingException")),
            exchange => Task.FromResult<KmsAnswer?>(null),
            async exchange =>
            {
                await Task.Delay(200, TestContext.Current.CancellationToken);
                return exchange.Answer;
            },
        ];
        SealedKeyRow row;
        using (Machine.Between(exchange => faults[number++ % faults.Length](exchange)))
        {
            row = await enclave.GenesisAsync();
            Assert.Equal(8, number);
            Assert.Equal(row, await enclave.GenesisAsync());
            Assert.Equal(State.Ready, (await enclave.ConfigureAsync(row)).State);
        }
        Assert.Equal(State.Ready, (await (await Machine.StartProcessAsync()).ConfigureAsync(row)).State);
    }

    [Fact]
    public async Task K36_every_seal_has_a_data_key_and_a_nonce_of_its_own()
    {
        var rows = new List<SealedKeyRow>();
        var enclave = await Machine.StartProcessAsync();
        rows.Add(await enclave.BeginAsync());
        for (var epoch = 2u; epoch <= 4; epoch++)
        {
            rows.Add(await enclave.GenesisAsync(epoch));
            await enclave.ConfigureAsync([.. rows]);
        }
        Assert.Equal(4, rows.Select(row => row.PublicKey).Distinct().Count());
        Assert.Equal(4, rows.Select(row => row.KmsEncryptedDek).Distinct().Count());
        Assert.Equal(4, rows.Select(row => Convert.ToHexString(row.EncryptedPrivateKey.Span[..13])).Distinct().Count());
        Assert.Equal([1u, 2, 3, 4], (await (await Machine.StartProcessAsync()).ConfigureAsync([.. rows])).Keys.Select(key => key.Epoch));
    }

    private async Task RestartAsync(IReadOnlyList<KeyValuePair<string, Func<KmsExchange, KmsAnswer>>> lies, params string[] reasons)
    {
        var row = await fixture.RowAsync();
        var enclave = await Machine.StartProcessAsync();
        var sentences = new HashSet<(string, string)>();
        foreach (var (name, lie) in lies)
        {
            var calls = 0;
            using (fixture.Between(exchange => ++calls > 0 ? lie(exchange) : null))
            {
                var status = await enclave.ConfigureAsync(row);
                Assert.True(status.State is State.Locked && reasons.Contains(status.Reason) && status.Keys.Count == 0, $"{name}: {status}");
                sentences.Add((status.Detail, status.AwsCode));
            }
            // Whoever lies learns neither what was wrong nor gets a second try.
            Assert.Equal(1, calls);
        }
        Assert.InRange(sentences.Count, 1, reasons.Length);
        var honest = await enclave.ConfigureAsync(row);
        Assert.Equal((State.Ready, row.PublicKey), (honest.State, Assert.Single(honest.Keys).Key));
    }

    private async Task GenesisAsync(IReadOnlyList<KeyValuePair<string, Func<KmsExchange, KmsAnswer>>> lies)
    {
        var enclave = await Machine.StartProcessAsync();
        await enclave.ConfigureAsync();
        foreach (var (name, lie) in lies)
        {
            using (fixture.Between(exchange => exchange.Operation == GenerateDataKey ? lie(exchange) : exchange.Answer))
            {
                var refusal = await EnclaveCaller.RefusalAsync(() => enclave.GenesisAsync());
                Assert.True(refusal.Code is ErrorCodes.KmsResponseInvalid, $"{name}: {refusal.Code}");
            }
            await IsWaitingForAKeyAsync(enclave);
        }
        Assert.Equal(State.Ready, (await enclave.ConfigureAsync(await enclave.GenesisAsync())).State);
    }

    private static async Task IsWaitingForAKeyAsync(EnclaveProcess enclave)
    {
        var status = await enclave.StatusAsync();
        Assert.Equal((State.Locked, ErrorCodes.SealedKeyMissing), (status.State, status.Reason));
        Assert.DoesNotContain("waits", status.Detail, StringComparison.Ordinal);
    }
}
