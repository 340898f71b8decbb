using System.Net;
using KeyMeld.Protocol.Errors;
using KeyMeld.Tests.Gateway.Support;
using Microsoft.Extensions.Time.Testing;

namespace KeyMeld.Tests.Gateway.Fleet;

/// <summary>A gateway that has just started says nothing of an enclave that it has not asked yet.</summary>
public class FirstLookTests
{
    private static readonly string s_identity = $"/api/v1/enclaves/0/identity?nonce={new string('a', 64)}";

    [Fact]
    public async Task Who_asks_for_an_identity_before_the_enclave_was_looked_at_waits_for_that()
    {
        var (gateway, configured) = await StartAsync(new FakeTimeProvider(DateTimeOffset.UtcNow));
        await using var _ = gateway;
        var looked = gateway.Parts.Fleet.Get(0).WhenLookedAtAsync(TestContext.Current.CancellationToken);
        var asked = gateway.GetAsync(s_identity);
        Assert.False(looked.IsCompleted);
        configured.SetResult();
        await looked;
        Assert.Equal(HttpStatusCode.OK, (await asked).Status);
    }

    [Fact]
    public async Task Nobody_waits_for_an_enclave_that_takes_longer()
    {
        var time = new FakeTimeProvider(DateTimeOffset.UtcNow);
        var (gateway, configured) = await StartAsync(time);
        await using var _ = gateway;
        var asked = gateway.GetAsync(s_identity);
        while (!asked.IsCompleted)
        {
            time.Advance(TimeSpan.FromSeconds(2));
            await Task.WhenAny(asked, Task.Delay(10, TestContext.Current.CancellationToken));
        }
        (await asked).IsProblem(HttpStatusCode.ServiceUnavailable, ErrorCodes.EnclaveUnreachable);
        configured.SetResult();
    }

    // The only enclave is being configured until the source is set.
    private static async Task<(TestGateway Gateway, TaskCompletionSource Configured)> StartAsync(FakeTimeProvider time)
    {
        var configured = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var gateway = await TestGateway.StartAsync(
            enclaves: 1, ready: false, time: time, prepare: enclave => enclave.Before = (name, _) => name == "Configure" ? configured.Task : Task.CompletedTask);
        return (gateway, configured);
    }
}
