using KeyMeld.Cli.Commands;
using KeyMeld.Client;
using KeyMeld.DevKit.Databases;
using KeyMeld.IntegrationTests.Support;

namespace KeyMeld.IntegrationTests.Clusters;

/// <summary><c>keymeld up --storage postgres --gateways 2</c>: two real gateways on one database behind one address.</summary>
public sealed class SeveralGatewaysTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task They_share_the_work_and_one_of_them_is_enough()
    {
        if (!PostgresServer.IsInstalled)
        {
            Assert.SkipUnless(Environment.GetEnvironmentVariable("CI") == "true", "postgresql is not installed.");
            Assert.Fail("postgresql is not installed; .ci/run installs it.");
        }
        var stack = await StackFixture.OwnStackAsync(options => options with { OwnPostgres = true, Gateways = 2, Enclaves = 2 });
        await using (stack)
        {
            Assert.Equal(2, stack.Gateways.Distinct().Count());
            using var alice = stack.NewUser();
            using var bob = stack.NewUser();
            var group = await new[] { alice, bob }.FormAsync(plan => plan with { Unattended = true }, new JoinOptions { Approval = false, AcceptUnattended = true });

            // As `up` leaves it.
            await File.WriteAllLinesAsync(UpCommand.AddressFile(stack.Layout), [stack.Gateway.AbsoluteUri, .. stack.Gateways.Select(gateway => gateway.AbsoluteUri)], Cancel);
            Assert.Equal(3, (await CliRun.OfAsync(stack.Layout.Data, "status", "--data", stack.Layout.Data, "--json")).Succeeds().Output.Split("\"2 of 2\"").Length);

            for (var number = 0; number < 2; number++)
            {
                await stack.KillGatewayAsync(number);
                Assert.True((await SignAsync(alice, group)).IsSigned);
                var status = await CliRun.OfAsync(stack.Layout.Data, "status", "--data", stack.Layout.Data, "--json");
                Assert.Equal((1, 2), (status.ExitCode, status.Output.Split("\"does not answer\"").Length));
                await stack.StartGatewayAsync(number, Cancel);
            }
            Assert.Equal(2, stack.Processes().Count(process => process.Name.StartsWith("gateway", StringComparison.Ordinal)));
        }
        Directory.Delete(stack.Layout.Data, recursive: true);
    }

    private static async Task<SigningOutcome> SignAsync(TestUser user, Group group) =>
        await user.Client.Signings.SubmitAsync(await user.Client.Signings.PrepareAsync(group, [SigningContent.FromHash(new byte[32])], cancellationToken: Cancel), TimeSpan.FromMinutes(5), Cancel);
}
