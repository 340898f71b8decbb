using KeyMeld.Cli.Commands;
using KeyMeld.Client;
using KeyMeld.DevKit.Stack;
using KeyMeld.IntegrationTests.Support;

namespace KeyMeld.IntegrationTests.Client;

/// <summary>The way to KMS as on Nitro, on real processes and unix sockets; eng/vsock-vm.sh has the same on AF_VSOCK.</summary>
public sealed class ForwardedStackTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Keys_are_made_and_come_back_through_the_gateways_forwarder_and_a_group_signs()
    {
        await using var stack = await StackFixture.OwnStackAsync(options => options with { Enclaves = 2, Transport = StackTransport.Forwarded, KmsTlsPort = StackFixture.FreePort() });
        var before = await FleetView.FetchAsync(stack.Gateway, Cancel);
        List<TestUser> users = [stack.NewUser(), stack.NewUser()];
        try
        {
            var silent = new JoinOptions { Approval = false, AcceptUnattended = true };
            var group = await users.FormAsync(plan => plan with { Unattended = true }, silent);
            await stack.KillEverythingAsync();
            await Task.WhenAll(stack.StartEnclavesAsync(Cancel), stack.StartGatewayAsync(Cancel));
            await stack.ReadyAsync();
            Assert.Equal(before.Keys.OrderBy(key => key.Key), (await FleetView.FetchAsync(stack.Gateway, Cancel)).Keys.OrderBy(key => key.Key));

            var outcome = await users[1].Client.Signings.SignAsync(users[1].Group(group.Id), [SigningContent.FromBytes("forwarded"u8.ToArray())], timeout: Patience, cancellationToken: Cancel);
            using var content = new MemoryStream("forwarded"u8.ToArray());
            Assert.True(SignatureVerification.VerifyContent(group.OutputKey, content, Assert.Single(outcome.Signatures)));
        }
        finally
        {
            users.ForEach(user => user.Dispose());
        }
        Assert.Contains("Forwarding unix:", await File.ReadAllTextAsync(stack.Layout.Log("gateway"), Cancel), StringComparison.Ordinal);
    }
}
