using KeyMeld.Protocol.Http;
using KeyMeld.Tests.Gateway.Support;
using KeyMeld.Tests.Support;

namespace KeyMeld.Tests.Gateway.Clusters;

/// <summary>A gateway ends, dies or stands still over what it drives, and another takes it up. The fake enclaves report every nonce that would be used twice.</summary>
public class TakeOverTests(PostgresFixture fixture)
{
    [Fact]
    public async Task A_gateway_that_is_stopped_hands_over_at_once()
    {
        // Leases of a minute: nothing but the news of the release lets B begin.
        await using var cluster = await Cluster.StartAsync(fixture);
        var (signing, gate) = await InSignAsync(cluster);
        var stopping = cluster.A.StopGatewayAsync();
        gate.SetResult();
        await stopping;

        var shown = await signing.At(cluster.B).ShowAsync(prefer: "wait=30");
        Assert.Equal(("completed", 2), (shown.State, shown.Attempts));
    }

    [Fact]
    public async Task G09_what_a_gateway_held_when_it_stood_still_is_taken_over_and_its_late_answers_change_nothing()
    {
        var timeOfB = new SteppedTime();
        await using var cluster = await Cluster.StartAsync(fixture, timeOfB: timeOfB);
        var (signing, gate) = await InSignAsync(cluster);
        // A does not renew: for B a minute is over.
        Assert.Equal(1, (await signing.At(cluster.B).ShowAsync()).Attempts);
        timeOfB.Step(TimeSpan.FromSeconds(61));
        var shown = await signing.At(cluster.B).ShowAsync(prefer: "wait=30");
        Assert.Equal(("completed", 2, 2), (shown.State, shown.Attempts, shown.Result!.Attempt));

        gate.SetResult();
        await Eventually.TrueAsync(() => cluster.A.Parts.SigningRunner.Running == 0);
        var later = await signing.ShowAsync();
        Assert.Equal(("completed", 2, 2), (later.State, later.Attempts, later.Result!.Attempt));
        Assert.Equal(shown.Result.Blob, later.Result.Blob);
    }

    [Fact]
    public async Task A_lease_that_is_renewed_is_not_taken()
    {
        var timeOfB = new SteppedTime();
        await using var cluster = await Cluster.StartAsync(fixture, timeOfB: timeOfB);
        var (signing, gate) = await InSignAsync(cluster);
        timeOfB.Step(TimeSpan.FromSeconds(40));
        Assert.Empty(await cluster.B.Parts.SigningStore.AbandonedAsync(timeOfB.GetUtcNow().ToUnixTimeMilliseconds()));
        cluster.B.Parts.SigningRunner.Sweep();
        gate.SetResult();

        Assert.Equal(("completed", 1), ((await signing.ShowAsync(prefer: "wait=30")).State, (await signing.ShowAsync()).Attempts));
    }

    [Fact]
    public async Task A_request_that_waits_expires_though_its_gateway_is_gone()
    {
        var time = new SteppedTime();
        await using var cluster = await Cluster.StartAsync(fixture, time, time);
        var group = await TestGroup.FormAsync(cluster.A, members: 3, approvals: [true, true, true]);
        var signing = new TestSigning(group, lifetime: TimeSpan.FromSeconds(90), now: time.GetUtcNow());
        await signing.SignAsync(prefer: null);
        await cluster.A.StopGatewayAsync();
        var waiting = signing.At(cluster.B).ShowAsync(prefer: "wait=30");
        await Eventually.TrueAsync(() => cluster.B.Parts.SigningNews.IsWatched(signing.Digest));
        time.Step(TimeSpan.FromSeconds(91));

        // The wait of 30 seconds is over with the step, too: what counts is what is there afterwards.
        await waiting;
        var shown = await signing.At(cluster.B).ShowAsync(prefer: "wait=30");
        Assert.Equal("expired", shown.State);
    }

    [Fact]
    public async Task A_group_whose_gateway_is_gone_when_all_have_joined_is_formed_by_another()
    {
        var timeOfB = new SteppedTime();
        await using var cluster = await Cluster.StartAsync(fixture, timeOfB: timeOfB);
        var reached = new TaskCompletionSource();
        var gate = new TaskCompletionSource();
        cluster.Enclaves[0].Before = (name, _) => name == "LoadGroup" && reached.TrySetResult() ? gate.Task : Task.CompletedTask;
        var group = TestGroup.Make(cluster.A);
        await group.CreateAsync();
        await group.JoinAsync(0);
        (await group.JoinAsync(1)).Read(ProtocolJson.Default.StateJson);
        await reached.Task;
        await cluster.A.StopGatewayAsync();
        gate.SetResult();
        Assert.Equal("joining", await group.At(cluster.B).StateAsync());
        timeOfB.Step(TimeSpan.FromSeconds(61));

        Assert.Equal("formed", (await cluster.B.GetAsync(group.Path, group.Creator, "wait=30")).Read(ProtocolJson.Default.KeygenJson).State);
        Assert.Equal("completed", (await new TestSigning(group.At(cluster.B)).SignAsync()).State);
    }

    [Fact]
    public async Task Two_gateways_that_start_at_once_make_one_first_key_for_each_enclave()
    {
        var genesis = 0;
        var storage = await Cluster.StorageAsync(fixture);
        await using var a = await TestGateway.StartAsync(enclaves: 1, ready: false, storage: storage, prepare: enclave => enclave.Before = async (name, _) =>
        {
            if (name == "Genesis")
            {
                // Both have seen that there is no key before either is given one.
                Interlocked.Increment(ref genesis);
                await Eventually.TrueAsync(() => Volatile.Read(ref genesis) >= 2);
            }
        });
        await using var b = await a.StartAnotherAsync(ready: false);
        await a.WhenReadyAsync();
        await b.WhenReadyAsync();

        var row = Assert.Single((await a.Parts.SealedKeys.ReadAsync(0)).Rows);
        Assert.Equal(row.PublicKey.ToByteArray(), a.Enclaves[0].Keys.Key.Bytes.ToArray());
        Assert.Equal("completed", (await new TestSigning(await TestGroup.FormAsync(a)).SignAsync()).State);
    }

    /// <summary>A signing that A drives and whose partial signature enclave 1 is being asked for; what it does then waits for the gate.</summary>
    private static async Task<(TestSigning Signing, TaskCompletionSource Gate)> InSignAsync(Cluster cluster)
    {
        var group = await TestGroup.FormAsync(cluster.A);
        var signing = new TestSigning(group);
        var reached = new TaskCompletionSource();
        var gate = new TaskCompletionSource();
        cluster.Enclaves[1].Before = (name, _) =>
        {
            if (name != "Sign" || !reached.TrySetResult())
            {
                return Task.CompletedTask;
            }
            return gate.Task;
        };
        await signing.SignAsync(prefer: null);
        await reached.Task;
        return (signing, gate);
    }
}
