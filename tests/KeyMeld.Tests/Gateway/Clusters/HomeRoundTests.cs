using System.Net;
using KeyMeld.Gateway.Signing.Rounds;
using KeyMeld.Protocol.Errors;
using KeyMeld.Protocol.Http;
using KeyMeld.Protocol.Sessions;
using KeyMeld.Tests.Gateway.Support;
using KeyMeld.Tests.Support;

namespace KeyMeld.Tests.Gateway.Clusters;

/// <summary>Members at home speak to whichever gateway they reach, and one drives.</summary>
public class HomeRoundTests(PostgresFixture fixture)
{
    // Only ends a test that would otherwise hang.
    private static readonly TimeSpan Guard = TimeSpan.FromMinutes(2);

    [Fact]
    public async Task Members_at_home_take_part_through_different_gateways()
    {
        await using var cluster = await Cluster.StartAsync(fixture);
        var signing = new TestSigning(await FormAsync(cluster, homes: 2));
        await signing.SignAsync(prefer: null);

        await Task.WhenAll(new TestHome(signing, 0).RunAsync(), new TestHome(signing.At(cluster.B), 1).RunAsync());

        Assert.Equal(("completed", 1), ((await signing.ShowAsync()).State, (await signing.ShowAsync()).Attempts));
        Assert.Equal(0, cluster.B.Parts.SigningRunner.Running);
    }

    [Fact]
    public async Task All_of_them_may_speak_to_a_gateway_that_does_not_drive()
    {
        await using var cluster = await Cluster.StartAsync(fixture);
        var signing = new TestSigning(await FormAsync(cluster, homes: 3));
        await signing.SignAsync(prefer: null);

        await Task.WhenAll(Enumerable.Range(0, 3).Select(place => new TestHome(signing.At(cluster.B), place).RunAsync()));

        Assert.Equal("completed", (await signing.At(cluster.B).ShowAsync()).State);
        Assert.Null(await cluster.B.Parts.SigningRunner.RoundsAsync(signing.Digest));
    }

    [Fact]
    public async Task The_other_gateway_refuses_what_the_driving_one_would()
    {
        await using var cluster = await Cluster.StartAsync(fixture);
        var signing = new TestSigning(await FormAsync(cluster, homes: 2));
        await signing.SignAsync(prefer: null);
        var home = new TestHome(signing.At(cluster.B), 0);
        Assert.Equal(RoundsJson.First, (await home.AskAsync()).Round);

        (await home.PostAsync(home.Sign(Purposes.Round1, 3, null))).IsProblem(HttpStatusCode.Conflict, ErrorCodes.AttemptStale);
        (await home.PostAsync(home.Sign(Purposes.Round2, 1, KeyMeld.Protocol.Ids.Hash32.Sha256([1])))).IsProblem(HttpStatusCode.Conflict, ErrorCodes.Conflict);
        (await home.PostAsync(home.Sign(Purposes.Round1, 1, null, key: signing.Group.Auths[1]))).IsProblem(HttpStatusCode.NotFound, ErrorCodes.NotFound);

        await Task.WhenAll(home.RunAsync(), new TestHome(signing, 1).RunAsync());
        Assert.Equal("completed", (await signing.ShowAsync()).State);
    }

    [Fact]
    public async Task A_member_that_lost_its_nonces_opens_the_next_attempt_through_another_gateway()
    {
        await using var cluster = await Cluster.StartAsync(fixture);
        var signing = new TestSigning(await FormAsync(cluster, homes: 2));
        await signing.SignAsync(prefer: null);
        var (first, second) = (new TestHome(signing.At(cluster.B), 0), new TestHome(signing, 1));
        await first.StepAsync();
        first.Restart();
        await Task.WhenAll(first.RunAsync(), second.RunAsync());

        Assert.Equal("completed", (await signing.ShowAsync()).State);
    }

    [Fact]
    public async Task The_gateway_that_drives_may_end_between_the_rounds_and_another_gathers_them_again()
    {
        await using var cluster = await Cluster.StartAsync(fixture);
        var signing = new TestSigning(await FormAsync(cluster, homes: 2));
        await signing.SignAsync(prefer: null);
        var homes = (TestHome[])[new(signing.At(cluster.B), 0), new(signing.At(cluster.B), 1)];
        await homes[0].StepAsync();
        await cluster.A.StopGatewayAsync();
        await Task.WhenAll(homes.Select(home => home.RunAsync()));

        var shown = await signing.At(cluster.B).ShowAsync();
        Assert.Equal(("completed", 1), (shown.State, shown.Attempts));
    }

    [Fact]
    public async Task Rounds_that_nobody_told_of_are_found_by_the_second_look()
    {
        // Every gateway may die between what it commits and what it tells: here none tells anything, and what else looks from time to time never comes.
        await using var cluster = await Cluster.StartAsync(fixture, new ShortTimers(), new ShortTimers(), isMute: true);
        var group = await FormAsync(cluster, homes: 2);
        var signing = new TestSigning(group);
        await signing.SignAsync(prefer: null);
        // The database has what B waits for, and what A is to gather: posts one way, where the rounds stand the other.
        var (first, second) = (new TestHome(signing.At(cluster.B), 0), new TestHome(signing.At(cluster.B), 1));
        Assert.Equal(RoundsJson.First, (await first.AskAsync()).Round);
        Assert.True(await first.StepAsync());
        await Eventually.TrueAsync(async () => await cluster.B.Parts.SigningRunner.RoundsAsync(signing.Digest) is RoundState.Gathering { Round1: var said } && Enumerable.Range(0, said.Count).Any(place => said[place] is not null));
        var waits = first.AskAsync();
        await Eventually.TrueAsync(() => cluster.B.Parts.RoundNews.IsWatched(signing.Digest));
        Assert.True(await second.StepAsync());
        Assert.Equal(RoundsJson.Second, (await waits.WaitAsync(Guard, TestContext.Current.CancellationToken)).Round);

        await Task.WhenAll(first.RunAsync(), second.RunAsync()).WaitAsync(Guard, TestContext.Current.CancellationToken);
        Assert.Equal("completed", (await signing.At(cluster.B).ShowAsync()).State);
    }

    private static async Task<TestGroup> FormAsync(Cluster cluster, int homes)
    {
        var group = TestGroup.Make(cluster.A, 3, manifest => manifest with
        {
            Participants = [.. manifest.Participants.Select((participant, place) => place < homes ? participant with { Enclave = null } : participant)],
        });
        await group.CreateAsync();
        for (var place = 0; place < 3; place++)
        {
            var prefer = place == 2 ? "wait=30" : null;
            (place < homes ? await group.JoinAtHomeAsync(place, prefer) : await group.JoinAsync(place, prefer: prefer)).Read(ProtocolJson.Default.StateJson);
        }
        Assert.Equal("formed", await group.StateAsync());
        return group;
    }
}
