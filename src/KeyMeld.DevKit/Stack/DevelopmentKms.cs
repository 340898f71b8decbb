using Amazon.KeyManagementService;
using Amazon.KeyManagementService.Model;
using Amazon.Runtime;
using KeyMeld.DevKit.Kms.Authentication;

namespace KeyMeld.DevKit.Stack;

/// <summary>What the development stack does to its KMS as the account's administrator, through the real AWS client.</summary>
public sealed class DevelopmentKms : IDisposable
{
    /// <summary>The alias the stack's key has.</summary>
    public const string Alias = "alias/keymeld-enclave-master-key";

    private readonly AmazonKeyManagementServiceClient client;

    /// <summary>Opens a client.</summary>
    /// <param name="endpoint">The emulator, or another KMS.</param>
    /// <param name="region">The region to sign for.</param>
    /// <param name="credentials">The administrator's.</param>
    public DevelopmentKms(Uri endpoint, string region, AWSCredentials credentials) =>
        client = new AmazonKeyManagementServiceClient(credentials, new AmazonKeyManagementServiceConfig
        {
            ServiceURL = endpoint.GetLeftPart(UriPartial.Authority),
            AuthenticationRegion = region,
            MaxErrorRetry = 3,
            Timeout = TimeSpan.FromSeconds(10),
        });

    /// <summary>The administrator's credentials of a development stack.</summary>
    /// <param name="dataFolder">Its data folder.</param>
    /// <exception cref="IOException">There is no stack.</exception>
    public static AWSCredentials AdministratorOf(string dataFolder)
    {
        var administrator = KmsCredentials.Load(new StackLayout(dataFolder).DevKit).Admin;
        return new BasicAWSCredentials(administrator.AccessKeyId, administrator.SecretAccessKey);
    }

    /// <summary>The ARN of the key behind <see cref="Alias"/>; makes both when they do not exist.</summary>
    public async Task<string> EnsureKeyAsync(CancellationToken cancellationToken)
    {
        try
        {
            return (await client.DescribeKeyAsync(new DescribeKeyRequest { KeyId = Alias }, cancellationToken)).KeyMetadata.Arn;
        }
        catch (NotFoundException)
        {
            var key = await client.CreateKeyAsync(new CreateKeyRequest { Description = "KeyMeld development stack" }, cancellationToken);
            await client.CreateAliasAsync(new CreateAliasRequest { AliasName = Alias, TargetKeyId = key.KeyMetadata.KeyId }, cancellationToken);
            return key.KeyMetadata.Arn;
        }
    }

    /// <summary>Replaces the key policy.</summary>
    public Task PutPolicyAsync(string keyId, string policy, CancellationToken cancellationToken) =>
        client.PutKeyPolicyAsync(new PutKeyPolicyRequest { KeyId = keyId, PolicyName = "default", Policy = policy }, cancellationToken);

    /// <summary>The key policy.</summary>
    public async Task<string> GetPolicyAsync(string keyId, CancellationToken cancellationToken) =>
        (await client.GetKeyPolicyAsync(new GetKeyPolicyRequest { KeyId = keyId, PolicyName = "default" }, cancellationToken)).Policy;

    /// <summary>Disables the key.</summary>
    public Task DisableAsync(string keyId, CancellationToken cancellationToken) => client.DisableKeyAsync(new DisableKeyRequest { KeyId = keyId }, cancellationToken);

    /// <summary>Enables the key.</summary>
    public Task EnableAsync(string keyId, CancellationToken cancellationToken) => client.EnableKeyAsync(new EnableKeyRequest { KeyId = keyId }, cancellationToken);

    /// <inheritdoc/>
    public void Dispose() => client.Dispose();
}
