using System.Net;
using KeyMeld.Protocol.Http;
using KeyMeld.Tests.Gateway.Support;
using KeyMeld.Tests.Support;

namespace KeyMeld.Tests.Gateway.Clusters;

/// <summary>The database goes away and comes back while two gateways sign.</summary>
public class DatabaseRestartTests
{
    private const int Signings = 30;

    [Fact]
    public async Task What_was_accepted_ends_though_the_database_crashed_in_the_middle_and_the_gateways_hear_each_other_again()
    {
        await using var server = await PostgresFixture.NewServerAsync();
        await server.CreateDatabaseAsync("cluster", TestContext.Current.CancellationToken);
        await using var a = await TestGateway.StartAsync(storage:
            $$"""{ kind: postgres, host: "{{server.SocketFolder}}", port: {{server.Port}}, database: cluster, user: {{server.User}}, password_file: "{{server.PasswordFile}}", lease_seconds: 6 }""");
        await using var b = await a.StartAnotherAsync();
        var group = await TestGroup.FormAsync(a);
        var accepted = 0;

        var signing = Enumerable.Range(0, Signings).Select(number => SignAsync(new TestSigning(group.At(number % 2 == 0 ? a : b), by: number % 2), () => Interlocked.Increment(ref accepted))).ToList();
        await Eventually.TrueAsync(() => Volatile.Read(ref accepted) >= 3);
        await server.CrashAsync();
        await Eventually.TrueAsync(() => !a.Parts.Bus.IsListening && !b.Parts.Bus.IsListening);
        await server.StartAgainAsync(TestContext.Current.CancellationToken);

        Assert.All(await Task.WhenAll(signing), state => Assert.Equal("completed", state));
        await Eventually.TrueAsync(() => a.Parts.Bus.IsListening && b.Parts.Bus.IsListening);
        using var events = await EventReader.OpenAsync(b, group.Path, group.Creator);
        Assert.Equal("formed", (await events.NextAsync()).State);
    }

    /// <summary>A member that repeats itself until it is answered, at its own gateway.</summary>
    private static async Task<string> SignAsync(TestSigning signing, Action accepted)
    {
        Answer answer;
        while ((answer = await signing.PostAsync()).Status == HttpStatusCode.ServiceUnavailable)
        {
            await Task.Delay(50, TestContext.Current.CancellationToken);
        }
        answer.Read(ProtocolJson.Default.SigningPostedJson);
        accepted();
        while (true)
        {
            answer = await signing.Group.Gateway.GetAsync(signing.Path, signing.Group.Creator, "wait=5");
            if (answer.Status != HttpStatusCode.ServiceUnavailable && answer.Read(ProtocolJson.Default.SigningJson).State is not ("waiting" or "running") and var state)
            {
                return state;
            }
            await Task.Delay(50, TestContext.Current.CancellationToken);
        }
    }
}
