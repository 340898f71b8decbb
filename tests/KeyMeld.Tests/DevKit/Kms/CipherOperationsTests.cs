using Amazon.KeyManagementService;
using Amazon.KeyManagementService.Model;
using KeyMeld.Tests.DevKit.Kms.Support;

namespace KeyMeld.Tests.DevKit.Kms;

/// <summary>Encrypt, Decrypt, ReEncrypt, the data keys and random bytes, driven by the real AWS client.</summary>
public sealed class CipherOperationsTests
{
    private static readonly Dictionary<string, string> context = new() { ["app"] = "keymeld", ["enclave_id"] = "7" };
    private static readonly Dictionary<string, string> otherContext = new() { ["app"] = "keymeld", ["enclave_id"] = "8" };

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_data_key_comes_back_from_its_blob_with_and_without_the_key_id()
    {
        await using var kms = await RunningKms.StartAsync();
        var arn = await kms.CreateKeyAsync();
        var made = await kms.Enclave.GenerateDataKeyAsync(
            new GenerateDataKeyRequest { KeyId = arn, KeySpec = DataKeySpec.AES_256, EncryptionContext = context }, Cancellation);
        Assert.Equal(arn, made.KeyId);
        Assert.Equal(32, made.Plaintext.Length);
        Assert.Null(made.CiphertextForRecipient);

        foreach (var keyId in new[] { arn, null })
        {
            var opened = await kms.Enclave.DecryptAsync(
                new DecryptRequest { KeyId = keyId, CiphertextBlob = made.CiphertextBlob, EncryptionContext = context }, Cancellation);
            Assert.Equal(made.Plaintext.ToArray(), opened.Plaintext.ToArray());
            Assert.Equal(arn, opened.KeyId);
            Assert.Equal(EncryptionAlgorithmSpec.SYMMETRIC_DEFAULT, opened.EncryptionAlgorithm);
            Assert.Equal(made.KeyMaterialId, opened.KeyMaterialId);
        }
    }

    [Fact]
    public async Task A_data_key_has_the_asked_length_and_exactly_one_way_to_ask_for_it()
    {
        await using var kms = await RunningKms.StartAsync();
        var arn = await kms.CreateKeyAsync();
        async Task<int> Length(GenerateDataKeyRequest request)
        {
            request.KeyId = arn;
            return (int)(await kms.Enclave.GenerateDataKeyAsync(request, Cancellation)).Plaintext.Length;
        }
        Assert.Equal(16, await Length(new() { KeySpec = DataKeySpec.AES_128 }));
        Assert.Equal(1, await Length(new() { NumberOfBytes = 1 }));
        Assert.Equal(1024, await Length(new() { NumberOfBytes = 1024 }));
        var tooLong = 1025;
        GenerateDataKeyRequest[] wrongs =
            [new(), new() { KeySpec = DataKeySpec.AES_256, NumberOfBytes = 32 }, new() { NumberOfBytes = tooLong }, new() { KeySpec = "AES_512" }];
        foreach (var wrong in wrongs)
            Assert.Equal("ValidationException", await Refusal.CodeAsync(() => Length(wrong)));
    }

    [Fact]
    public async Task A_data_key_without_plaintext_opens_later_to_the_asked_length()
    {
        await using var kms = await RunningKms.StartAsync();
        var arn = await kms.CreateKeyAsync();
        var made = await kms.Enclave.GenerateDataKeyWithoutPlaintextAsync(new() { KeyId = arn, NumberOfBytes = 48, EncryptionContext = context }, Cancellation);
        var raw = await kms.Raw(kms.Emulator.Credentials.Enclave).CallAsync("GenerateDataKeyWithoutPlaintext", $$"""{"KeyId":"{{arn}}","KeySpec":"AES_256"}""");
        Assert.Equal(["CiphertextBlob", "KeyId", "KeyMaterialId"], raw.Json.EnumerateObject().Select(member => member.Name));
        var opened = await kms.Enclave.DecryptAsync(new() { CiphertextBlob = made.CiphertextBlob, EncryptionContext = context }, Cancellation);
        Assert.Equal(48, opened.Plaintext.Length);
    }

    [Fact]
    public async Task An_encrypted_text_opens_with_its_key_and_context_only()
    {
        await using var kms = await RunningKms.StartAsync();
        var (arn, otherArn) = (await kms.CreateKeyAsync(), await kms.CreateKeyAsync());
        var plaintext = new byte[4096];
        var sealedText = await kms.Admin.EncryptAsync(new() { KeyId = arn, Plaintext = new(plaintext), EncryptionContext = context }, Cancellation);
        Assert.Equal(arn, sealedText.KeyId);
        var blob = sealedText.CiphertextBlob;

        Task<DecryptResponse> Decrypt(string? keyId, Dictionary<string, string>? withContext, MemoryStream? withBlob = null) =>
            kms.Admin.DecryptAsync(new() { KeyId = keyId, CiphertextBlob = withBlob ?? blob, EncryptionContext = withContext }, Cancellation);
        Assert.Equal(plaintext, (await Decrypt(arn, context)).Plaintext.ToArray());
        Assert.Equal("InvalidCiphertextException", await Refusal.CodeAsync(() => Decrypt(arn, null)));
        Assert.Equal("InvalidCiphertextException", await Refusal.CodeAsync(() => Decrypt(arn, otherContext)));
        Assert.Equal("InvalidCiphertextException", await Refusal.CodeAsync(() => Decrypt(null, otherContext)));
        Assert.Equal("InvalidCiphertextException", await Refusal.CodeAsync(() => Decrypt(arn, new() { ["App"] = "keymeld", ["enclave_id"] = "7" })));
        Assert.Equal("IncorrectKeyException", await Refusal.CodeAsync(() => Decrypt(otherArn, context)));
        Assert.Equal("InvalidCiphertextException", await Refusal.CodeAsync(() => Decrypt(arn, context, new([1, 2, 3]))));
        Assert.Equal("InvalidCiphertextException", await Refusal.CodeAsync(() => Decrypt(null, context, new([1, 2, 3]))));
        Assert.Equal("NotFoundException", await Refusal.CodeAsync(() => Decrypt("alias/none", context)));
    }

    [Fact]
    public async Task A_blob_of_a_key_that_is_not_there_tells_nothing()
    {
        await using var kms = await RunningKms.StartAsync();
        await using var another = await RunningKms.StartAsync();
        var arn = await kms.CreateKeyAsync();
        var foreign = await another.Admin.EncryptAsync(new() { KeyId = await another.CreateKeyAsync(), Plaintext = new([1]) }, Cancellation);
        var refused = await Refusal.OfAsync(
            () => kms.Admin.DecryptAsync(new() { CiphertextBlob = foreign.CiphertextBlob }, Cancellation));
        Assert.Equal("AccessDeniedException", refused.ErrorCode);
        Assert.Equal(
            "The ciphertext refers to a customer master key that does not exist, does not exist in this region, or you are not allowed to access.",
            refused.Message);
        Assert.Equal("InvalidCiphertextException", await Refusal.CodeAsync(
            () => kms.Admin.DecryptAsync(new() { CiphertextBlob = foreign.CiphertextBlob, KeyId = arn }, Cancellation)));
    }

    [Fact]
    public async Task Every_form_of_a_key_id_names_the_key_and_answers_carry_its_arn()
    {
        await using var kms = await RunningKms.StartAsync();
        var arn = await kms.CreateKeyAsync();
        await kms.Admin.CreateAliasAsync("alias/keymeld/key", arn, Cancellation);
        foreach (var form in new[] { arn, arn[(arn.LastIndexOf('/') + 1)..], "alias/keymeld/key", "arn:aws:kms:us-west-2:000000000000:alias/keymeld/key" })
        {
            var sealedText = await kms.Enclave.EncryptAsync(new() { KeyId = form, Plaintext = new([1]) }, Cancellation);
            Assert.Equal(arn, sealedText.KeyId);
            Assert.Equal(arn, (await kms.Enclave.DecryptAsync(new() { KeyId = form, CiphertextBlob = sealedText.CiphertextBlob }, Cancellation)).KeyId);
        }
    }

    [Fact]
    public async Task Reencryption_moves_a_plaintext_to_another_key_and_context()
    {
        await using var kms = await RunningKms.StartAsync();
        var (from, to) = (await kms.CreateKeyAsync(), await kms.CreateKeyAsync());
        var sealedText = await kms.Admin.EncryptAsync(new() { KeyId = from, Plaintext = new([1, 2, 3]), EncryptionContext = context }, Cancellation);
        ReEncryptRequest Request() => new()
        {
            SourceKeyId = from,
            CiphertextBlob = sealedText.CiphertextBlob,
            SourceEncryptionContext = context,
            DestinationKeyId = to,
            DestinationEncryptionContext = otherContext,
        };
        var moved = await kms.Admin.ReEncryptAsync(Request(), Cancellation);
        Assert.Equal((from, to), (moved.SourceKeyId, moved.KeyId));
        var opened = await kms.Admin.DecryptAsync(new() { KeyId = to, CiphertextBlob = moved.CiphertextBlob, EncryptionContext = otherContext }, Cancellation);
        Assert.Equal([1, 2, 3], opened.Plaintext.ToArray());

        var wrong = Request();
        wrong.SourceKeyId = to;
        Assert.Equal("IncorrectKeyException", await Refusal.CodeAsync(() => kms.Admin.ReEncryptAsync(wrong, Cancellation)));
        wrong = Request();
        wrong.SourceEncryptionContext = otherContext;
        Assert.Equal("InvalidCiphertextException", await Refusal.CodeAsync(() => kms.Admin.ReEncryptAsync(wrong, Cancellation)));
    }

    [Fact]
    public async Task A_dry_run_says_what_would_happen_and_does_nothing()
    {
        await using var kms = await RunningKms.StartAsync();
        var arn = await kms.CreateKeyAsync();
        var blob = (await kms.Admin.EncryptAsync(new() { KeyId = arn, Plaintext = new([1]) }, Cancellation)).CiphertextBlob;
        const string succeeds = "DryRunOperationException";
        Task<string> Code(Func<AmazonKeyManagementServiceClient, Task> call) => Refusal.CodeAsync(() => call(kms.Admin));
        Assert.Equal(succeeds, await Code(client => client.EncryptAsync(new() { KeyId = arn, Plaintext = new([1]), DryRun = true }, Cancellation)));
        Assert.Equal(succeeds, await Code(client => client.DecryptAsync(new() { KeyId = arn, CiphertextBlob = blob, DryRun = true }, Cancellation)));
        Assert.Equal(succeeds, await Code(client => client.GenerateDataKeyAsync(new() { KeyId = arn, NumberOfBytes = 1, DryRun = true }, Cancellation)));
        Assert.Equal(
            succeeds, await Code(client => client.GenerateDataKeyWithoutPlaintextAsync(new() { KeyId = arn, NumberOfBytes = 1, DryRun = true }, Cancellation)));
        Assert.Equal(
            succeeds, await Code(client => client.ReEncryptAsync(new() { CiphertextBlob = blob, DestinationKeyId = arn, DryRun = true }, Cancellation)));

        var ignoring = new DecryptRequest { KeyId = arn, DryRun = true, DryRunModifiers = ["IGNORE_CIPHERTEXT"] };
        Assert.Equal(succeeds, await Refusal.CodeAsync(() => kms.Admin.DecryptAsync(ignoring, Cancellation)));
        ignoring.DryRun = false;
        Assert.Equal("ValidationException", await Refusal.CodeAsync(() => kms.Admin.DecryptAsync(ignoring, Cancellation)));

        Assert.Equal("InvalidCiphertextException", await Refusal.CodeAsync(
            () => kms.Admin.DecryptAsync(new() { KeyId = arn, CiphertextBlob = new([1]), DryRun = true }, Cancellation)));
        await kms.Admin.DisableKeyAsync(arn, Cancellation);
        Assert.Equal(
            "DisabledException", await Code(client => client.DecryptAsync(new() { KeyId = arn, CiphertextBlob = blob, DryRun = true }, Cancellation)));
    }

    [Fact]
    public async Task Random_bytes_are_as_many_as_asked_and_never_the_same()
    {
        await using var kms = await RunningKms.StartAsync();
        var one = await kms.Enclave.GenerateRandomAsync(64, Cancellation);
        var other = await kms.Enclave.GenerateRandomAsync(64, Cancellation);
        Assert.Equal(64, one.Plaintext.Length);
        Assert.NotEqual(one.Plaintext.ToArray(), other.Plaintext.ToArray());
    }

    [Fact]
    public async Task Algorithms_of_other_keys_are_refused()
    {
        await using var kms = await RunningKms.StartAsync();
        var arn = await kms.CreateKeyAsync();
        Assert.Equal("InvalidKeyUsageException", await Refusal.CodeAsync(() => kms.Admin.EncryptAsync(
            new() { KeyId = arn, Plaintext = new([1]), EncryptionAlgorithm = EncryptionAlgorithmSpec.RSAES_OAEP_SHA_256 }, Cancellation)));
        Assert.Equal("ValidationException", await Refusal.CodeAsync(
            () => kms.Admin.EncryptAsync(new() { KeyId = arn, Plaintext = new([1]), EncryptionAlgorithm = "NONE" }, Cancellation)));
    }

    [Fact]
    public async Task A_recipient_on_encrypt_is_no_member_of_the_request_and_ignored()
    {
        await using var kms = await RunningKms.StartAsync();
        var arn = await kms.CreateKeyAsync();
        var answer = await kms.Raw(kms.Emulator.Credentials.Admin).CallAsync(
            "Encrypt",
            $$"""{"KeyId":"{{arn}}","Plaintext":"AQ==","Recipient":{"AttestationDocument":"AQ==","KeyEncryptionAlgorithm":"RSAES_OAEP_SHA_256"} }""");
        Assert.Equal(200, (int)answer.Status);
        Assert.Equal(["CiphertextBlob", "EncryptionAlgorithm", "KeyId"], answer.Json.EnumerateObject().Select(member => member.Name));
    }

    [Fact]
    public async Task A_context_over_its_limit_is_refused()
    {
        await using var kms = await RunningKms.StartAsync();
        var arn = await kms.CreateKeyAsync();
        Task<EncryptResponse> Encrypt(int length) =>
            kms.Admin.EncryptAsync(new() { KeyId = arn, Plaintext = new([1]), EncryptionContext = new() { ["k"] = new string('v', length) } }, Cancellation);
        Assert.NotNull(await Encrypt(8191));
        Assert.Equal("ValidationException", await Refusal.CodeAsync(() => Encrypt(8192)));
    }
}
