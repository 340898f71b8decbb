using System.Net;
using KeyMeld.Protocol.Errors;
using KeyMeld.Protocol.Http;
using KeyMeld.Protocol.Ids;
using KeyMeld.Protocol.Sessions;
using KeyMeld.Protocol.Statements;
using KeyMeld.Secp256k1;
using KeyMeld.Tests.Gateway.Support;

namespace KeyMeld.Tests.Gateway.Signing;

/// <summary>GET and POST /signing/{D}/rounds: the gateway between enclaves and members at home.</summary>
public class HomeSigningTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Members_at_home_answer_what_is_due_and_the_signing_completes(int homes)
    {
        await using var gateway = await TestGateway.StartAsync();
        var group = await FormAsync(gateway, homes);
        var signing = new TestSigning(group);
        Assert.Equal("running", (await signing.SignAsync(prefer: null)).State);
        await Task.WhenAll(Homes(signing, homes).Select(home => home.RunAsync()));

        var shown = await signing.ShowAsync();
        Assert.Equal(("completed", 1), (shown.State, shown.Attempts));
        Assert.Equal(homes == 3 ? 0 : 1, gateway.Enclaves[0].Count("Open"));
        Assert.Equal(1, gateway.Enclaves.Sum(enclave => enclave.Count("Combine")));
    }

    [Fact]
    public async Task Enclaves_are_asked_for_nonces_only_when_all_members_at_home_have_come()
    {
        await using var gateway = await TestGateway.StartAsync();
        var signing = new TestSigning(await FormAsync(gateway, homes: 2));
        await signing.SignAsync(prefer: null);
        var homes = Homes(signing, 2);
        await homes[0].StepAsync();
        Assert.Null((await homes[0].AskAsync(prefer: null)).Round);
        Assert.Equal(0, gateway.Enclaves.Sum(enclave => enclave.Count("Open")));
        await Task.WhenAll(homes.Select(home => home.RunAsync()));
        Assert.Equal("completed", (await signing.ShowAsync()).State);
    }

    [Fact]
    public async Task Only_the_authorisation_keys_of_the_signers_at_home_read_the_rounds()
    {
        await using var gateway = await TestGateway.StartAsync();
        var group = await FormAsync(gateway, homes: 1);
        var signing = new TestSigning(group);
        await signing.SignAsync(prefer: null);
        var path = signing.Path + "/rounds";
        (await gateway.GetAsync(path)).IsProblem(HttpStatusCode.Unauthorized, ErrorCodes.Unauthorized);
        foreach (var key in (SecretKey[])[group.Creator, group.Admissions[0], group.Auths[1], SecretKey.Generate()])
        {
            (await gateway.GetAsync(path, key)).IsProblem(HttpStatusCode.NotFound, ErrorCodes.NotFound);
        }
        Assert.Equal((1, RoundsJson.First), ((await Homes(signing, 1)[0].AskAsync()).Attempt, (await Homes(signing, 1)[0].AskAsync()).Round));
        (await gateway.GetAsync($"/api/v1/signing/{Hash32.Sha256([1])}/rounds", group.Auths[0])).IsProblem(HttpStatusCode.NotFound, ErrorCodes.NotFound);
    }

    [Fact]
    public async Task G20_a_blob_that_is_not_validly_signed_for_exactly_this_is_answered_like_an_absent_signing()
    {
        await using var gateway = await TestGateway.StartAsync();
        var group = await FormAsync(gateway, homes: 2);
        var signing = new TestSigning(group);
        await signing.SignAsync(prefer: null);
        var home = Homes(signing, 2)[0];
        await home.AskAsync();
        foreach (var forged in (KeyMeld.Protocol.Signing.RoundBlobEnvelope[])
        [
            home.Sign(Purposes.Round1, 1, null, key: group.Auths[1]),
            home.Sign(Purposes.Round1, 1, null, key: group.Auths[2], node: NodeId.Home(2)),
            home.Sign(Purposes.Round1, 1, null, node: NodeId.Enclave(0)),
            home.Sign(Purposes.Round1, 1, null, node: NodeId.Home(99)),
            home.Sign(Purposes.Round1, 2, null) with { Attempt = 1 },
            home.Sign(Purposes.Round2, 1, Hash32.Sha256([1])) with { Tau = null },
            home.Sign(Purposes.Round1, 1, null) with { Blob = new byte[90] },
        ])
        {
            (await home.PostAsync(forged)).IsProblem(HttpStatusCode.NotFound, ErrorCodes.NotFound);
        }
        await Task.WhenAll(Homes(signing, 2).Select(one => one.RunAsync()));
        Assert.Equal(("completed", 1), ((await signing.ShowAsync()).State, (await signing.ShowAsync()).Attempts));
    }

    [Fact]
    public async Task What_a_member_at_home_says_twice_changes_nothing_and_something_else_is_a_conflict()
    {
        await using var gateway = await TestGateway.StartAsync();
        var signing = new TestSigning(await FormAsync(gateway, homes: 2));
        await signing.SignAsync(prefer: null);
        var homes = Homes(signing, 2);
        await homes[0].StepAsync();
        Assert.Equal("running", (await homes[0].PostAsync(homes[0].Open(1))).Read(ProtocolJson.Default.StateJson).State);
        (await homes[0].PostAsync(homes[0].Sign(Purposes.Round1, 1, null))).IsProblem(HttpStatusCode.Conflict, ErrorCodes.Conflict);
        (await homes[0].PostAsync(homes[0].Sign(Purposes.Round2, 1, Hash32.Sha256([1])))).IsProblem(HttpStatusCode.Conflict, ErrorCodes.Conflict);
        (await homes[0].PostAsync(homes[0].Sign(Purposes.Round1, 5, null))).IsProblem(HttpStatusCode.Conflict, ErrorCodes.AttemptStale);
        await Task.WhenAll(homes.Select(home => home.RunAsync()));
        (await homes[0].PostAsync(homes[0].Open(1))).IsProblem(HttpStatusCode.Conflict, ErrorCodes.Conflict);
    }

    [Fact]
    public async Task A_signing_that_waits_for_approvals_or_is_rejected_wants_nothing_of_members_at_home()
    {
        await using var gateway = await TestGateway.StartAsync();
        var group = await FormAsync(gateway, homes: 1, approvals: [false, true]);
        var signing = new TestSigning(group);
        await signing.SignAsync(prefer: null);
        var home = Homes(signing, 1)[0];
        Assert.Equal(("waiting", null, null), ((await home.AskAsync(prefer: null)).State, (await home.AskAsync(prefer: null)).Attempt, (await home.AskAsync(prefer: null)).Round));
        (await home.PostAsync(home.Open(1))).IsProblem(HttpStatusCode.Conflict, ErrorCodes.Conflict);
        // Whoever waits is told at once when it is over.
        var waiting = home.AskAsync();
        await signing.DecideAsync(1, Decision.Reject);
        Assert.Equal("rejected", (await waiting).State);
        (await home.PostAsync(home.Open(1))).IsProblem(HttpStatusCode.Conflict, ErrorCodes.Rejected);
    }

    [Fact]
    public async Task The_approval_that_completes_the_rule_wakes_the_member_at_home()
    {
        await using var gateway = await TestGateway.StartAsync();
        var group = await FormAsync(gateway, homes: 1, approvals: [false, true]);
        var signing = new TestSigning(group);
        await signing.SignAsync(prefer: null);
        var running = Homes(signing, 1)[0].RunAsync();
        Assert.Equal("completed", (await signing.DecideAsync(1, prefer: "wait=30")).Read(ProtocolJson.Default.StateJson).State);
        await running;
    }

    [Fact]
    public async Task A_member_that_never_comes_lets_the_request_expire()
    {
        var time = new SteppedTime();
        await using var gateway = await TestGateway.StartAsync(time: time);
        var group = await FormAsync(gateway, homes: 2);
        var signing = new TestSigning(group, lifetime: TimeSpan.FromSeconds(40), now: time.GetUtcNow());
        await signing.SignAsync(prefer: null);
        await Homes(signing, 2)[0].StepAsync();
        time.Step(TimeSpan.FromSeconds(41));
        var shown = await signing.ShowAsync(prefer: "wait=30");
        Assert.Equal(("expired", ErrorCodes.Expired, 1), (shown.State, shown.Error, shown.Attempts));
        Assert.Equal(0, gateway.Enclaves.Sum(enclave => enclave.Count("Open")));
    }

    [Fact]
    public async Task A_member_that_restarted_between_the_rounds_leads_to_the_next_attempt()
    {
        await using var gateway = await TestGateway.StartAsync();
        var signing = new TestSigning(await FormAsync(gateway, homes: 1));
        await signing.SignAsync(prefer: null);
        var home = Homes(signing, 1)[0];
        await home.StepAsync();
        Assert.Equal(RoundsJson.Second, (await home.AskAsync()).Round);
        home.Restart();
        await home.RunAsync();
        var shown = await signing.ShowAsync();
        Assert.Equal(("completed", 2, 2), (shown.State, shown.Attempts, shown.Result!.Attempt));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task G09_a_gateway_that_died_while_members_at_home_were_waited_for_goes_on_with_the_same_attempt(int steps)
    {
        await using var gateway = await TestGateway.StartAsync();
        var signing = new TestSigning(await FormAsync(gateway, homes: 2));
        await signing.SignAsync(prefer: null);
        var homes = Homes(signing, 2);
        foreach (var home in homes.Take(steps))
        {
            await home.StepAsync();
        }
        if (steps == 2)
        {
            Assert.Equal(RoundsJson.Second, (await homes[0].AskAsync()).Round);
        }
        await gateway.StopGatewayAsync();
        await gateway.StartGatewayAsync();
        await gateway.WhenReadyAsync();
        await Task.WhenAll(homes.Select(home => home.RunAsync()));
        var shown = await signing.ShowAsync();
        Assert.Equal("completed", shown.State);
        // Where enclaves held nonces already, the stopping gateway let them wipe those: then, and only then, it takes another attempt.
        Assert.InRange(shown.Attempts, 1, steps);
    }

    [Theory]
    [InlineData("Open", ErrorCodes.AttemptStale)]
    [InlineData("Sign", ErrorCodes.RelayFault)]
    [InlineData("Combine", ErrorCodes.RelayFault)]
    public async Task A_round_that_an_enclave_refuses_is_taken_up_with_fresh_nonces_of_everybody(string call, string code)
    {
        await using var gateway = await TestGateway.StartAsync();
        var signing = new TestSigning(await FormAsync(gateway, homes: 1));
        gateway.Enclaves[0].FailFirst(call, 1, code);
        gateway.Enclaves[1].FailFirst(call, 1, code);
        await signing.SignAsync(prefer: null);
        await Homes(signing, 1)[0].RunAsync();
        Assert.Equal("completed", (await signing.ShowAsync()).State);
        Assert.InRange((await signing.ShowAsync()).Attempts, 2, 3);
    }

    [Fact]
    public async Task An_enclave_that_dies_between_the_rounds_is_waited_for_with_the_members_at_home()
    {
        await using var gateway = await TestGateway.StartAsync();
        var signing = new TestSigning(await FormAsync(gateway, homes: 1));
        await signing.SignAsync(prefer: null);
        var home = Homes(signing, 1)[0];
        gateway.Enclaves[0].FailFirst("Sign", 1, ErrorCodes.NotLoaded);
        await home.StepAsync();
        await gateway.Enclaves[0].RestartAsync();
        await home.RunAsync();
        Assert.Equal("completed", (await signing.ShowAsync()).State);
    }

    [Fact]
    public async Task A_registration_at_home_comes_without_an_envelope_and_has_nothing_to_erase()
    {
        await using var gateway = await TestGateway.StartAsync();
        var group = TestGroup.Make(gateway, members: 2, AtHome(1));
        await group.CreateAsync();
        (await group.JoinAsync(0)).IsProblem(HttpStatusCode.BadRequest, ErrorCodes.BadRequest);
        (await group.JoinAtHomeAsync(0)).Read(ProtocolJson.Default.StateJson);
        (await group.JoinAsync(1, prefer: "wait=30")).Read(ProtocolJson.Default.StateJson);
        Assert.Equal("formed", await group.StateAsync());
        var erase = StatementSigner.Sign(new Erase { Manifest = group.Hash, User = group.Manifest.Value.Participants[0].User, Created = 1 }, group.Auths[0]);
        (await gateway.PostAsync(group.Path + "/erase", erase.Statement)).IsProblem(HttpStatusCode.BadRequest, ErrorCodes.BadRequest);
        var signing = new TestSigning(group);
        await signing.SignAsync(prefer: null);
        await Homes(signing, 1)[0].RunAsync();
        Assert.Equal("completed", (await signing.ShowAsync()).State);
    }

    private static TestHome[] Homes(TestSigning signing, int count) => [.. Enumerable.Range(0, count).Select(place => new TestHome(signing, place))];

    private static Func<Manifest, Manifest> AtHome(int homes) => manifest => manifest with
    {
        Participants = [.. manifest.Participants.Select((participant, place) => place < homes ? participant with { Enclave = null } : participant)],
    };

    // The first places are at home.
    private static async Task<TestGroup> FormAsync(TestGateway gateway, int homes, params bool[] approvals)
    {
        var group = TestGroup.Make(gateway, members: 3, AtHome(homes), approvals);
        await group.CreateAsync();
        for (var place = 0; place < 3; place++)
        {
            (await (place < homes ? group.JoinAtHomeAsync(place) : group.JoinAsync(place))).Read(ProtocolJson.Default.StateJson);
        }
        Assert.Equal("formed", (await gateway.GetAsync(group.Path, group.Creator, "wait=30")).Read(ProtocolJson.Default.KeygenJson).State);
        return group;
    }
}
