using Amazon.KeyManagementService.Model;
using KeyMeld.Attestation;
using KeyMeld.DevKit.Kms.Recipients;
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
    private TestMachine Machine => fixture.Machine;

    [Fact]
    public void The_pieces_of_an_answer_put_together_unchanged_are_that_answer()
    {
        using var key = RecipientKeySupply.Take();
        var honest = RecipientCms.Encrypt(key.PublicKey.Span, HostileAnswers.KnownKey, CmsLayout.Constructed);
        Assert.Equal(honest, CmsPieces.Of(honest).Encode());
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
        using (fixture.Between(exchange => exchange.Operation == "Decrypt" ? exchange.Forged(HostileAnswers.KnownKey) : exchange.Answer))
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
    public async Task K12_K13_documents_for_kms_and_for_identity_are_never_taken_for_each_other()
    {
        List<byte[]> forKms = [];
        var enclave = await Machine.StartEnclaveAsync();
        using (fixture.Between(exchange =>
        {
            var recipient = System.Text.Json.Nodes.JsonNode.Parse(exchange.RequestBody.Span)!["Recipient"]!;
            forKms.Add(Convert.FromBase64String(recipient["AttestationDocument"]!.GetValue<string>()));
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
        Assert.All(forKms, document => Assert.Throws<AttestationException>(() => verifier.Verify(document, asIdentity)));
        // One for each call, for a key and over user data of its own: purpose, call and random bytes under a hash.
        var documents = forKms.Select(document => verifier.Verify(document, AttestationExpectations.KmsRecipient)).ToList();
        Assert.Equal(2, documents.Count);
        Assert.All(documents, document => Assert.Equal(32, document.UserData!.Value.Length));
        Assert.NotEqual(documents[0].UserData!.Value.ToArray(), documents[1].UserData!.Value.ToArray());
        Assert.NotEqual(documents[0].PublicKey!.Value.ToArray(), documents[1].PublicKey!.Value.ToArray());
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
                outside.EncryptAsync(new EncryptRequest { KeyId = Machine.KeyArn, Plaintext = new MemoryStream(HostileAnswers.KnownKey) }, TestContext.Current.CancellationToken));
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
}
