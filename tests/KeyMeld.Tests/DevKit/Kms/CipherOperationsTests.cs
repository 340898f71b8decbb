using Amazon.KeyManagementService;
using Amazon.KeyManagementService.Model;
using KeyMeld.Tests.DevKit.Kms.Support;

namespace KeyMeld.Tests.DevKit.Kms;

/// <summary>Encrypt, Decrypt, ReEncrypt and the data keys, driven by the real AWS client.</summary>
public sealed class CipherOperationsTests
{
    private static readonly Dictionary<string, string> context = new() { ["app"] = "keymeld", ["enclave_id"] = "7" };

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_data_key_comes_back_from_its_blob_with_and_without_the_key_id()
    {
        await using var kms = await RunningKms.StartAsync();
        var arn = await kms.CreateKeyAsync();
        var made = await kms.Enclave.GenerateDataKeyAsync(new GenerateDataKeyRequest { KeyId = arn, KeySpec = DataKeySpec.AES_256, EncryptionContext = context }, Cancellation);
        Assert.Equal(arn, made.KeyId);
        Assert.Equal(32, made.Plaintext.Length);
        Assert.Null(made.CiphertextForRecipient);

        foreach (var keyId in new[] { arn, null })
        {
            var opened = await kms.Enclave.DecryptAsync(new DecryptRequest { KeyId = keyId, CiphertextBlob = made.CiphertextBlob, EncryptionContext = context }, Cancellation);
            Assert.Equal(made.Plaintext.ToArray(), opened.Plaintext.ToArray());
            Assert.Equal(arn, opened.KeyId);
            Assert.Equal(EncryptionAlgorithmSpec.SYMMETRIC_DEFAULT, opened.EncryptionAlgorithm);
            Assert.Equal(made.KeyMaterialId, opened.KeyMaterialId);
        }
    }
}
