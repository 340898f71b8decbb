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
        // Leases of an hour: nothing but the news of the release lets B begin.
        await using var cluster = await Cluster.StartAsync(fixture);
        var (signing, gate) = await InSignAsync(cluster);
        // Only when A is gone does the enclave answer: what it would have answered A is lost.
        await cluster.A.StopGatewayAsync();
        gate.SetResult();

        var shown = await signing.At(cluster.B).ShowAsync(prefer: "wait=30");
        Assert.Equal(("completed", 2), (shown.State, shown.Attempts));
    }

    [Fact]
    public async Task G09_what_a_gateway_held_when_it_stood_still_is_taken_over_and_its_late_answers_change_nothing()
    {
        await using var cluster = await Cluster.StartAsync(fixture);
        var (signing, gate) = await InSignAsync(cluster);
        // A does not renew: for the database an hour is over.
        Assert.Equal(1, (await signing.At(cluster.B).ShowAsync()).Attempts);
        await cluster.PassLeaseAsync();
        cluster.B.Parts.SigningRunner.Sweep();
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
        await using var cluster = await Cluster.StartAsync(fixture);
        var (signing, gate) = await InSignAsync(cluster);
        await cluster.PassAsync(Cluster.Lease * 2 / 3);
        Assert.Equal([signing.Digest], await cluster.A.Parts.SigningStore.RenewAsync(cluster.A.Parts.SigningRunner.NewLease()));
        await cluster.PassAsync(Cluster.Lease * 2 / 3);
        Assert.Empty(await cluster.B.Parts.SigningStore.AbandonedAsync(cluster.B.Parts.NowMs));
        cluster.B.Parts.SigningRunner.Sweep();
        gate.SetResult();

        Assert.Equal(("completed", 1), ((await signing.ShowAsync(prefer: "wait=30")).State, (await signing.ShowAsync()).Attempts));
    }

    [Fact]
    public async Task Gateways_whose_clocks_differ_by_minutes_never_both_drive_a_signing_and_neither_waits_for_its_own_clock()
    {
        // Shorter than the clocks differ, and so long that nobody renews it while this runs.
        var (ahead, lease) = (new SteppedTime(), TimeSpan.FromMinutes(4));
        ahead.Step(TimeSpan.FromMinutes(5));
        await using var cluster = await Cluster.StartAsync(fixture, timeOfB: ahead, lease: lease);
        // By B's clock the lease of A was over when it was given.
        var (signing, gate) = await InSignAsync(cluster);
        Assert.Empty(await cluster.B.Parts.SigningStore.AbandonedAsync(cluster.B.Parts.NowMs));
        Assert.False(await cluster.B.Parts.SigningStore.AdoptAsync(signing.Digest, 1, cluster.B.Parts.SigningRunner.NewLease()));
        gate.SetResult();
        Assert.Equal(("completed", 1), ((await signing.ShowAsync(prefer: "wait=30")).State, (await signing.ShowAsync()).Attempts));

        // By A's clock a lease of B lasts for nine minutes. B stands still over it, and A takes it up when the database's four minutes are over.
        var (second, late) = await InSignAsync(cluster, of: cluster.B);
        Assert.False(await cluster.A.Parts.SigningStore.AdoptAsync(second.Digest, 1, cluster.A.Parts.SigningRunner.NewLease()));
        await cluster.PassAsync(lease + TimeSpan.FromSeconds(1));
        cluster.A.Parts.SigningRunner.Sweep();
        Assert.Equal(("completed", 2), ((await second.At(cluster.A).ShowAsync(prefer: "wait=30")).State, (await second.At(cluster.A).ShowAsync()).Attempts));
        late.SetResult();
        await Eventually.TrueAsync(() => cluster.B.Parts.SigningRunner.Running == 0);
        Assert.Equal(2, (await second.ShowAsync()).Attempts);
    }

    [Fact]
    public async Task A_request_that_waits_expires_though_its_gateway_is_gone()
    {
        // What waits has no lease: another gateway finds it when it looks, three times in as long as one lasts.
        var time = new SteppedTime();
        await using var cluster = await Cluster.StartAsync(fixture, time, time, lease: TimeSpan.FromMinutes(1));
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
        await using var cluster = await Cluster.StartAsync(fixture);
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
        await cluster.PassLeaseAsync();
        cluster.B.Parts.GroupRunner.Sweep();

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

    /// <summary>A signing that A drives, unless told otherwise, and whose partial signature enclave 1 is being asked for; what it does then waits for the gate.</summary>
    private static async Task<(TestSigning Signing, TaskCompletionSource Gate)> InSignAsync(Cluster cluster, TestGateway? of = null)
    {
        var group = await TestGroup.FormAsync(cluster.A);
        var signing = new TestSigning(group.At(of ?? cluster.A));
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
