using KeyMeld.Protocol.Errors;
using KeyMeld.Tests.Gateway.Credentials;

namespace KeyMeld.Tests.Lifecycle;

/// <summary>The credentials of an instance role on their whole way: metadata service, gateway, enclave, KMS.</summary>
public class CredentialTests
{
    [Fact]
    public async Task K18_an_enclave_waits_for_the_instances_role_and_takes_new_credentials_when_kms_refuses_the_old()
    {
        await using var service = await MetadataService.StartAsync(TimeProvider.System.GetUtcNow().AddHours(6));
        await using var operated = await OperatedGateway.StartAsync(production: false, metadata: service);
        var good = operated.Machine.Credentials;
        // The service has credentials AWS does not know: the enclave says so, the gateway asks again.
        await operated.WhenLockedAsync(ErrorCodes.KmsCredentialsInvalid);
        Assert.Empty(operated.Rows());

        service.Give(good, TimeProvider.System.GetUtcNow().AddHours(6));
        await operated.WhenReadyAsync();
        Assert.Single(operated.Rows());

        await operated.DoAsync("rotate");
        Assert.Equal(2, operated.Rows().Length);
        Assert.DoesNotContain(good.SecretAccessKey, operated.Enclave!.Log.Text, StringComparison.Ordinal);
    }
}
