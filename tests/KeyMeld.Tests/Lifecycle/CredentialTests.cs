using KeyMeld.DevKit.Kms.Authentication;
using KeyMeld.Protocol.Errors;
using KeyMeld.Tests.Enclave.Support;
using KeyMeld.Tests.Gateway.Credentials;
using KeyMeld.Tests.Gateway.Support;

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

    [Fact]
    public async Task K18_credentials_that_expired_are_replaced_in_the_middle_of_an_order()
    {
        var time = new SteppedTime();
        var later = TimeProvider.System.GetUtcNow().AddHours(6);
        await using var service = await MetadataService.StartAsync(later);
        await using var operated = await OperatedGateway.StartAsync(production: false, service, time, [Expired]);
        service.Give(operated.Machine.Credentials, later);
        await StepUntilAsync(time, operated.WhenReadyAsync());

        // What AWS calls expired reaches the enclave, although its own end seems far.
        var expired = TestMachine.Pushed(Expired);
        expired.ExpiresMs = 0;
        await operated.Parts.Fleet.Get(0).Calls.PushCredentialsAsync(expired, TestContext.Current.CancellationToken);
        var order = operated.DoAsync("rotate");
        service.Give(operated.Machine.Credentials, later.AddHours(1));
        await StepUntilAsync(time, order);

        Assert.Equal(2, operated.Rows().Length);
        Assert.Contains(ErrorCodes.KmsCredentialsInvalid, operated.Enclave!.Log.Text, StringComparison.Ordinal);
    }

    private static KmsCredential Expired => new()
    {
        Name = "expired",
        AccessKeyId = "ASIAEXPIRED000000000",
        SecretAccessKey = "secret-of-expired-credentials",
        SessionToken = "token-of-expired-credentials",
        PrincipalArn = "arn:aws:iam::000000000000:role/keymeld-enclave",
        Expires = new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero),
    };

    // The credentials are fetched again after five seconds at the earliest; these pass at once. Twice as long between two steps as before them: what takes its time on a slow machine takes it
    // by this clock, too, and must not be overtaken by it.
    private static async Task StepUntilAsync(SteppedTime time, Task done)
    {
        for (var pause = TimeSpan.FromMilliseconds(50); !done.IsCompleted; pause *= 2)
        {
            time.Step(TimeSpan.FromSeconds(5));
            await Task.WhenAny(done, Task.Delay(pause, TestContext.Current.CancellationToken));
        }
        await done;
    }
}
