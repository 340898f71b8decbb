using System.Text;
using Amazon.KeyManagementService.Model;
using KeyMeld.Attestation;
using KeyMeld.DevKit.Kms.Wire;
using KeyMeld.Protocol.Errors;
using KeyMeld.Protocol.Statements;
using KeyMeld.Tests.Enclave.Support;
using KeyMeld.Wire.V1;
using static KeyMeld.Wire.V1.EnclaveStatus.Types;

namespace KeyMeld.Tests.Enclave.Sealing;

/// <summary>Somebody answers in KMS's place (attack table K). Each test ends with an honest answer, so that a refusal is seen to have lost nothing.</summary>
public class HostileKmsTests(MachineFixture fixture) : IClassFixture<MachineFixture>
{
    private const string ForRecipient = "CiphertextForRecipient";

    private static readonly byte[] KnownKey = new byte[32];

    private TestMachine Machine => fixture.Machine;

    private static readonly Dictionary<string, Func<KmsExchange, KmsAnswer>> Answers = new()
    {
        ["K01 a data key of somebody's own, sealed to this enclave"] = exchange => exchange.Forged(KnownKey),
        ["K01 a data key of another length"] = exchange => exchange.Forged(new byte[16]),
        ["K02 a flipped bit of the IV"] = exchange => exchange.Answer.WithBlob(ForRecipient, cms => Flip(cms, cms.AsSpan().LastIndexOf(new byte[] { 0x04, 0x10 }) + 2)),
        ["K02 a flipped bit of the content"] = exchange => exchange.Answer.WithBlob(ForRecipient, cms => Flip(cms, cms.Length - 12)),
        ["K02 a flipped bit of the encrypted key"] = exchange => exchange.Answer.WithBlob(ForRecipient, cms => Flip(cms, 200)),
        ["K02 a flipped bit of the key identifier"] = exchange => exchange.Answer.WithBlob(ForRecipient, cms => Flip(cms, 40)),
        ["K05 another key's ARN"] = exchange => exchange.Answer.With("KeyId", "arn:aws:kms:us-west-2:000000000000:key/66666666-2222-3333-4444-555555555555"),
        ["K05 no ARN"] = exchange => exchange.Answer.Without("KeyId"),
        ["K05 an alias"] = exchange => exchange.Answer.With("KeyId", "alias/mine"),
        ["a plaintext beside the sealed answer"] = exchange => exchange.Answer.With("Plaintext", Convert.ToBase64String(KnownKey)),
        ["a plaintext in place of the sealed answer"] = exchange => exchange.Answer.Without(ForRecipient).With("Plaintext", Convert.ToBase64String(KnownKey)),
        ["no sealed answer"] = exchange => exchange.Answer.Without(ForRecipient),
        ["K20 a trailing byte"] = exchange => exchange.Answer.WithBlob(ForRecipient, cms => [.. cms, 0]),
        ["K20 too many bytes"] = exchange => exchange.Answer.WithBlob(ForRecipient, cms => new byte[7000]),
        ["K20 a cut answer"] = exchange => exchange.Answer with { Body = exchange.Answer.Body[..^10] },
        ["K20 an answer without end"] = exchange => exchange.Answer with { Body = [.. exchange.Answer.Body, .. Encoding.ASCII.GetBytes(new string(' ', 200_000))] },
        ["K20 no JSON"] = exchange => exchange.Answer with { Body = [1, 2, 3] },
        ["K20 nothing"] = exchange => exchange.Answer with { Body = [] },
    };

    public static TheoryData<string> EveryAnswer => [.. Answers.Keys];

    [Theory]
    [MemberData(nameof(EveryAnswer))]
    public async Task A_restart_with_such_an_answer_stays_locked_and_an_honest_one_unlocks(string name)
    {
        var row = await (await Machine.StartEnclaveAsync()).BeginAsync();
        var enclave = await Machine.StartEnclaveAsync();
        using (fixture.Between(exchange => Answers[name](exchange)))
        {
            var status = await enclave.ConfigureAsync(row);
            Assert.Equal(State.Locked, status.State);
            // What opens, but not the record, shows as the record's fault; everything before is the answer's.
            Assert.Contains(status.Reason, name.Contains("sealed to this enclave", StringComparison.Ordinal) || name.Contains("IV", StringComparison.Ordinal)
                ? [ErrorCodes.SealedKeyCorrupt] : new[] { ErrorCodes.KmsResponseInvalid });
        }
        Assert.Equal(State.Ready, (await enclave.ConfigureAsync(row)).State);
    }

    [Theory]
    [MemberData(nameof(EveryAnswer))]
    public async Task A_genesis_with_such_a_first_answer_hands_out_nothing(string name)
    {
        var enclave = await Machine.StartEnclaveAsync();
        await enclave.ConfigureAsync();
        using (fixture.Between(exchange => exchange.Operation == "GenerateDataKey" ? Answers[name](exchange) : exchange.Answer))
        {
            Assert.Equal(ErrorCodes.KmsResponseInvalid, (await TestEnclave.RefusalAsync(() => enclave.GenesisAsync())).Code);
        }
        Assert.Equal((State.Locked, ErrorCodes.SealedKeyMissing), ((await enclave.StatusAsync()).State, (await enclave.StatusAsync()).Reason));
        Assert.NotNull(await enclave.GenesisAsync());
    }

    [Fact]
    public async Task K03_a_blob_that_unwraps_to_another_data_key_is_found_before_the_key_is_handed_out()
    {
        var enclave = await Machine.StartEnclaveAsync();
        await enclave.ConfigureAsync();
        var earlier = (await (await Machine.StartEnclaveAsync()).BeginAsync()).KmsEncryptedDek.ToByteArray();
        using (fixture.Between(exchange => exchange.Operation == "GenerateDataKey" ? exchange.Answer.WithBlob("CiphertextBlob", _ => earlier) : exchange.Answer))
        {
            var refusal = await TestEnclave.RefusalAsync(() => enclave.GenesisAsync());
            Assert.Equal((ErrorCodes.KmsResponseInvalid, "InvalidCiphertextException"), (refusal.Code, refusal.AwsCode));
        }
        using (fixture.Between(exchange => exchange.Operation == "Decrypt" ? exchange.Forged(KnownKey) : exchange.Answer))
        {
            Assert.Equal(ErrorCodes.KmsResponseInvalid, (await TestEnclave.RefusalAsync(() => enclave.GenesisAsync())).Code);
        }
        Assert.NotNull(await enclave.GenesisAsync());
    }

    [Fact]
    public async Task K11_the_answer_to_an_earlier_call_opens_nothing()
    {
        var row = await (await Machine.StartEnclaveAsync()).BeginAsync();
        KmsAnswer? earlier = null;
        using (fixture.Between(exchange => earlier ??= exchange.Answer))
        {
            Assert.Equal(State.Ready, (await (await Machine.StartEnclaveAsync()).ConfigureAsync(row)).State);
            var enclave = await Machine.StartEnclaveAsync();
            Assert.Equal(ErrorCodes.KmsResponseInvalid, (await enclave.ConfigureAsync(row)).Reason);
        }
    }

    [Fact]
    public async Task K23_whatever_is_wrong_with_a_sealed_answer_the_sentence_is_the_same()
    {
        var row = await (await Machine.StartEnclaveAsync()).BeginAsync();
        var enclave = await Machine.StartEnclaveAsync();
        var details = new HashSet<string>();
        foreach (var (name, change) in Answers.Where(answer => !answer.Key.Contains("IV", StringComparison.Ordinal) && !answer.Key.Contains("sealed to this", StringComparison.Ordinal)))
        {
            using (fixture.Between(exchange => change(exchange)))
            {
                details.Add((await enclave.ConfigureAsync(row)).Detail);
            }
        }
        Assert.Single(details);
    }

    [Fact]
    public async Task K12_K13_documents_for_kms_and_for_identity_are_never_taken_for_each_other()
    {
        byte[]? forKms = null;
        var enclave = await Machine.StartEnclaveAsync();
        using (fixture.Between(exchange =>
        {
            var recipient = System.Text.Json.Nodes.JsonNode.Parse(exchange.RequestBody.Span)!["Recipient"]!;
            forKms = Convert.FromBase64String(recipient["AttestationDocument"]!.GetValue<string>());
            return exchange.Answer;
        }))
        {
            await enclave.BeginAsync();
        }
        var nonce = new byte[32];
        var shown = await enclave.Client.GetIdentityAsync(new GetIdentityRequest { Nonce = Google.Protobuf.ByteString.CopyFrom(nonce) }, cancellationToken: TestContext.Current.CancellationToken);
        var verifier = new AttestationVerifier(Machine.Nsm.Root, TimeProvider.System);
        var userData = IdentityDocument.UserData(shown.Identity.Span);
        var asIdentity = AttestationExpectations.Identity(nonce, userData.Bytes);

        Assert.Null(verifier.Verify(shown.Attestation.Span, asIdentity).PublicKey);
        Assert.Throws<AttestationException>(() => verifier.Verify(forKms, asIdentity));
        Assert.NotNull(verifier.Verify(forKms, AttestationExpectations.KmsRecipient).PublicKey);
        Assert.Throws<AttestationException>(() => verifier.Verify(shown.Attestation.Span, AttestationExpectations.KmsRecipient));
    }

    [Fact]
    public async Task K06_a_key_sealed_by_somebody_else_does_not_come_into_being_under_a_closed_policy()
    {
        var outside = new Amazon.KeyManagementService.AmazonKeyManagementServiceClient(
            new Amazon.Runtime.BasicAWSCredentials(Machine.Credentials.AccessKeyId, Machine.Credentials.SecretAccessKey),
            new Amazon.KeyManagementService.AmazonKeyManagementServiceConfig { ServiceURL = Machine.Kms.Endpoint.ToString(), AuthenticationRegion = "us-west-2", MaxErrorRetry = 0 });
        using (outside)
        {
            await Assert.ThrowsAnyAsync<Amazon.KeyManagementService.AmazonKeyManagementServiceException>(() =>
                outside.GenerateDataKeyAsync(new GenerateDataKeyRequest { KeyId = Machine.KeyArn, KeySpec = Amazon.KeyManagementService.DataKeySpec.AES_256 }, TestContext.Current.CancellationToken));
            await Assert.ThrowsAnyAsync<Amazon.KeyManagementService.AmazonKeyManagementServiceException>(() =>
                outside.EncryptAsync(new EncryptRequest { KeyId = Machine.KeyArn, Plaintext = new MemoryStream(KnownKey) }, TestContext.Current.CancellationToken));
        }
    }

    [Fact]
    public async Task K36_every_seal_has_a_data_key_and_a_nonce_of_its_own()
    {
        var first = await (await Machine.StartEnclaveAsync()).BeginAsync();
        var second = await (await Machine.StartEnclaveAsync()).BeginAsync();
        Assert.NotEqual(first.KmsEncryptedDek, second.KmsEncryptedDek);
        Assert.NotEqual(first.EncryptedPrivateKey.Span[1..13].ToArray(), second.EncryptedPrivateKey.Span[1..13].ToArray());
        Assert.NotEqual(first.PublicKey, second.PublicKey);
    }

    private static byte[] Flip(byte[] bytes, int at)
    {
        bytes[at] ^= 1;
        return bytes;
    }
}
