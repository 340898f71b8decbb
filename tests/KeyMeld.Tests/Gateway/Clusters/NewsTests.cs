using System.Net;
using KeyMeld.Gateway.Operations;
using KeyMeld.Protocol.Errors;
using KeyMeld.Protocol.Http;
using KeyMeld.Protocol.Statements;
using KeyMeld.Tests.Gateway.Support;
using KeyMeld.Tests.Support;

namespace KeyMeld.Tests.Gateway.Clusters;

/// <summary>What happens at one gateway is seen at the other: at once by those who wait there, and always by those who ask.</summary>
public class NewsTests(PostgresFixture fixture)
{
    [Fact]
    public async Task A_watcher_of_one_gateway_sees_what_the_other_does_as_it_happens()
    {
        await using var cluster = await Cluster.StartAsync(fixture);
        var group = await TestGroup.FormAsync(cluster.A, members: 3, approvals: [true, true, true]);
        var signing = new TestSigning(group);
        Assert.Equal("waiting", (await signing.SignAsync(prefer: null)).State);
        using var events = await EventReader.OpenAsync(cluster.B, signing.Path, group.Creator);
        Assert.Equal("waiting", (await events.NextAsync()).State);

        // Nothing but news tells a stream: it reads the database once, at its beginning.
        await signing.DecideAsync(1);
        await signing.DecideAsync(2);
        Assert.Equal("completed", await events.AfterAsync("waiting", "running"));
    }

    [Fact]
    public async Task What_a_gateway_stored_and_died_before_it_could_tell_is_seen_at_the_other_within_a_second()
    {
        var timeOfB = new SteppedTime();
        await using var cluster = await Cluster.StartAsync(fixture, timeOfB: timeOfB);
        var group = await TestGroup.FormAsync(cluster.A, members: 3, approvals: [true, true, true]);
        var signing = new TestSigning(group);
        await signing.SignAsync(prefer: null);
        using var events = await EventReader.OpenAsync(cluster.B, signing.Path, group.Creator);
        Assert.Equal("waiting", (await events.NextAsync()).State);

        // Committed, and not a word to anybody: that is what a kill between the two leaves.
        var outcome = new KeyMeld.Gateway.Storage.SigningOutcome(KeyMeld.Gateway.Storage.SigningState.Cancelled, null, new KeyMeld.Gateway.Storage.StoredError(ErrorCodes.Cancelled, "Cancelled."));
        Assert.True(await cluster.A.Parts.SigningStore.CloseAsync(signing.Digest, outcome));
        timeOfB.Step(KeyMeld.Gateway.Cluster.SecondLook.Interval);
        Assert.Equal("cancelled", await events.AfterAsync("waiting"));

        var joining = TestGroup.Make(cluster.A);
        await joining.CreateAsync();
        using var joiners = await EventReader.OpenAsync(cluster.B, joining.Path, joining.Creator);
        Assert.Equal("joining", (await joiners.NextAsync()).State);
        Assert.True(await cluster.A.Parts.GroupStore.CloseAsync(joining.Hash, KeyMeld.Gateway.Storage.GroupState.Failed, new KeyMeld.Gateway.Storage.StoredError(ErrorCodes.Internal, "Failed.")));
        timeOfB.Step(KeyMeld.Gateway.Cluster.SecondLook.Interval);
        Assert.Equal("failed", await joiners.AfterAsync("joining"));
    }

    [Fact]
    public async Task A_watcher_of_a_group_sees_at_one_gateway_who_joins_at_the_other()
    {
        await using var cluster = await Cluster.StartAsync(fixture);
        var group = TestGroup.Make(cluster.A);
        await group.CreateAsync();
        using var events = await EventReader.OpenAsync(cluster.B, group.Path, group.Creator);
        Assert.Equal("joining", (await events.NextAsync()).State);

        (await group.JoinAsync(0)).Read(ProtocolJson.Default.StateJson);
        Assert.Equal("joining", (await events.NextAsync()).State);
        (await group.At(cluster.B).JoinAsync(1)).Read(ProtocolJson.Default.StateJson);
        Assert.Equal("formed", await events.AfterAsync("joining"));
    }

    [Fact]
    public async Task What_one_gateway_has_just_answered_the_other_does_not_contradict()
    {
        await using var cluster = await Cluster.StartAsync(fixture);
        for (var round = 0; round < 10; round++)
        {
            var group = TestGroup.Make(cluster.A);
            await group.CreateAsync();
            // Both read it while it is joining.
            Assert.Equal("joining", await group.StateAsync());
            Assert.Equal("joining", await group.At(cluster.B).StateAsync());
            await group.JoinAsync(0);
            Assert.NotNull((await group.At(cluster.B).ShowAsync()).Registrations[0]);
            Assert.Equal("formed", (await group.At(cluster.B).JoinAsync(1, prefer: "wait=30")).Read(ProtocolJson.Default.StateJson).State);
            Assert.Equal("formed", await group.StateAsync());
            Assert.Equal("completed", (await new TestSigning(group).SignAsync()).State);
        }
    }

    [Fact]
    public async Task All_join_at_different_gateways_at_once()
    {
        await using var cluster = await Cluster.StartAsync(fixture);
        var group = TestGroup.Make(cluster.A, members: 10);
        await group.CreateAsync();

        var answers = await Task.WhenAll(Enumerable.Range(0, 10).Select(place => group.At(place % 2 == 0 ? cluster.A : cluster.B).JoinAsync(place, prefer: "wait=30")));

        Assert.All(answers, answer => Assert.Equal("formed", answer.Read(ProtocolJson.Default.StateJson).State));
        Assert.Equal("completed", (await new TestSigning(group.At(cluster.B)).SignAsync()).State);
    }

    [Fact]
    public async Task A_request_cancelled_at_one_gateway_stops_where_it_is_driven()
    {
        await using var cluster = await Cluster.StartAsync(fixture);
        var group = await TestGroup.FormAsync(cluster.A);
        var reached = new TaskCompletionSource();
        var gate = new TaskCompletionSource();
        cluster.Enclaves[1].Before = (name, _) =>
        {
            if (name != "Open")
            {
                return Task.CompletedTask;
            }
            reached.TrySetResult();
            return gate.Task;
        };
        var signing = new TestSigning(group);
        var waiting = signing.SignAsync();
        await reached.Task;

        Assert.Equal("cancelled", (await signing.At(cluster.B).CancelAsync()).Read(ProtocolJson.Default.StateJson).State);
        Assert.Equal("cancelled", (await waiting).State);
        await Eventually.TrueAsync(() => cluster.A.Parts.SigningRunner.Running == 0);
        gate.SetResult();
        await Eventually.TrueAsync(() => cluster.Enclaves[0].Forgotten.Any(forget => forget.Request.Span.SequenceEqual(signing.Digest.Bytes)));
        Assert.All(cluster.Enclaves, enclave => Assert.Equal(0, enclave.Count("Sign")));
    }

    [Fact]
    public async Task Decisions_count_wherever_they_arrive_and_a_reject_is_heard()
    {
        await using var cluster = await Cluster.StartAsync(fixture);
        var group = await TestGroup.FormAsync(cluster.A, members: 3, approvals: [true, true, true]);
        var approved = new TestSigning(group);
        await approved.SignAsync(prefer: null);
        var waiting = approved.ShowAsync(prefer: "wait=30");
        await approved.DecideAsync(1);
        await approved.At(cluster.B).DecideAsync(2);
        Assert.Equal("completed", (await waiting).State);

        var rejected = new TestSigning(group);
        var answer = rejected.SignAsync();
        await Eventually.TrueAsync(() => cluster.A.Parts.SigningNews.IsWatched(rejected.Digest));
        while ((await rejected.At(cluster.B).DecideAsync(1)).Status == HttpStatusCode.NotFound)
        {
            // The request is on its way.
        }
        Assert.Equal("rejected", (await rejected.At(cluster.B).DecideAsync(2, Decision.Reject)).Read(ProtocolJson.Default.StateJson).State);
        Assert.Equal("rejected", (await answer).State);
    }

    [Fact]
    public async Task A_key_erased_at_one_gateway_signs_nothing_at_the_other_from_that_moment_on()
    {
        await using var cluster = await Cluster.StartAsync(fixture);
        var group = await TestGroup.FormAsync(cluster.A);
        // Both have the group in memory.
        Assert.Equal("completed", (await new TestSigning(group).SignAsync()).State);
        Assert.Equal("completed", (await new TestSigning(group.At(cluster.B)).SignAsync()).State);
        var stale = (await cluster.A.Parts.Groups.FindAsync(group.Hash))!;

        var erase = StatementSigner.Sign(new Erase { Manifest = group.Hash, User = group.Manifest.Value.Participants[1].User, Created = 1 }, group.Auths[1]);
        (await cluster.B.PostAsync(group.Path + "/erase", erase.Statement)).Read(ProtocolJson.Default.StateJson);

        (await new TestSigning(group).PostAsync()).IsProblem(HttpStatusCode.Gone, ErrorCodes.Erased);
        // And had the news not come yet, the database would have refused it.
        var late = new TestSigning(group);
        var added = await cluster.A.Parts.SigningStore.AddAsync(
            new(late.Digest, group.Hash, late.Request.Value.Signing, late.Request.Value.Expires, KeyMeld.Gateway.Storage.StoredStatement.From(late.Request.Statement), late.Items, stale.WithoutEnvelope),
            cluster.A.Parts.SigningRunner.NewLease(), 1000);
        Assert.Equal(KeyMeld.Gateway.Storage.AddedSigning.Changed, added);
    }

    [Fact]
    public async Task N01_a_call_made_at_one_gateway_is_not_taken_again_at_the_other()
    {
        await using var cluster = await Cluster.StartAsync(fixture);
        var group = await TestGroup.FormAsync(cluster.A);
        var authorization = cluster.A.Authorize(HttpMethod.Get, group.Path, [], group.Creator);

        (await cluster.A.SendAsync(HttpMethod.Get, group.Path, [], null, null, authorization)).Read(ProtocolJson.Default.KeygenJson);
        (await cluster.B.SendAsync(HttpMethod.Get, group.Path, [], null, null, authorization)).IsProblem(HttpStatusCode.Unauthorized, ErrorCodes.Unauthorized);
        Assert.Equal("formed", await group.At(cluster.B).StateAsync());
    }

    [Fact]
    public async Task Each_gateway_shows_its_own_id_and_what_it_drives()
    {
        await using var cluster = await Cluster.StartAsync(fixture);
        var group = await TestGroup.FormAsync(cluster.A);
        var (reached, gate) = (new TaskCompletionSource(), new TaskCompletionSource());
        cluster.Enclaves[0].Before = (name, _) => name == "Sign" && reached.TrySetResult() ? gate.Task : Task.CompletedTask;
        var signing = new TestSigning(group);
        await signing.SignAsync(prefer: null);
        await reached.Task;

        var (a, b) = (GatewayHealthJson.Of(cluster.A.Parts, databaseAnswers: true), GatewayHealthJson.Of(cluster.B.Parts, databaseAnswers: true));
        Assert.NotEqual(a.Id, b.Id);
        Assert.Equal(("postgres", 1, (int)Cluster.Lease.TotalSeconds, true), (a.Database, a.Leases, a.LeaseSeconds, a.HearsOthers));
        Assert.Equal(("postgres", 0, (int)Cluster.Lease.TotalSeconds, true), (b.Database, b.Leases, b.LeaseSeconds, b.HearsOthers));
        gate.SetResult();
        Assert.Equal("completed", (await signing.ShowAsync(prefer: "wait=30")).State);
    }

    [Fact]
    public async Task Other_gateways_look_at_an_enclave_whose_keys_were_changed()
    {
        await using var cluster = await Cluster.StartAsync(fixture);
        var looks = cluster.Enclaves[1].Count("GetStatus");
        cluster.A.Parts.Bus.Publish(KeyMeld.Gateway.Cluster.NewsKind.Enclave, KeyMeld.Gateway.Cluster.NewsText.OfEnclave(1));
        await Eventually.TrueAsync(() => cluster.Enclaves[1].Count("GetStatus") > looks);
        Assert.Equal(1u, KeyMeld.Gateway.Cluster.NewsText.EnclaveOf(KeyMeld.Gateway.Cluster.NewsText.OfEnclave(1)));
    }
}
