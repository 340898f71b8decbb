using System.Net;
using KeyMeld.Protocol.Errors;
using KeyMeld.Protocol.Http;
using KeyMeld.Protocol.Ids;
using KeyMeld.Protocol.Statements;
using KeyMeld.Secp256k1;
using KeyMeld.Tests.Gateway.Support;

namespace KeyMeld.Tests.Gateway.Signing;

public class SigningTests
{
    [Fact]
    public async Task One_call_signs_a_group_nobody_has_to_approve()
    {
        await using var gateway = await TestGateway.StartAsync(enclaves: 3);
        var group = await TestGroup.FormAsync(gateway, members: 3);
        var signing = new TestSigning(group);

        var posted = await signing.SignAsync();

        Assert.Equal((signing.Digest, "completed"), (posted.Id, posted.State));
        Assert.Equal(1, posted.Result!.Attempt);
        Assert.All(gateway.Enclaves, enclave => Assert.Equal((1, 1), (enclave.Count("Open"), enclave.Count("Sign"))));
        Assert.Equal(1, gateway.Enclaves.Sum(enclave => enclave.Count("Combine")));
        var shown = await signing.ShowAsync();
        Assert.Equal(("completed", 1), (shown.State, shown.Attempts));
        Assert.Equal(signing.Items, shown.Items);
        Assert.Equal(posted.Result.Blob, shown.Result!.Blob);
    }

    [Fact]
    public async Task Only_the_enclaves_of_the_signers_are_asked()
    {
        await using var gateway = await TestGateway.StartAsync(enclaves: 3);
        var group = await TestGroup.FormAsync(gateway, members: 3);

        await new TestSigning(group, change: request => request with { Signers = [0, 2] }).SignAsync();

        Assert.Equal([1, 0, 1], gateway.Enclaves.Select(enclave => enclave.Count("Open")));
    }

    [Fact]
    public async Task The_enclaves_of_members_who_do_not_sign_see_no_call_at_all()
    {
        await using var gateway = await TestGateway.StartAsync(enclaves: 3);
        var group = await TestGroup.FormAsync(gateway, members: 3);
        string[] rounds = ["Open", "Sign", "Combine", "LoadGroup"];
        int Seen(int enclave) => rounds.Sum(gateway.Enclaves[enclave].Count);
        for (var away = 0; away < 3; away++)
        {
            var before = Seen(away);
            int[] signers = [.. Enumerable.Range(0, 3).Where(member => member != away)];
            // Requests spread over the enclaves by their hash: several, so that each would come by.
            for (var i = 0; i < 8; i++)
            {
                Assert.Equal("completed", (await new TestSigning(group, change: request => request with { Signers = signers }).SignAsync()).State);
            }
            Assert.Equal(before, Seen(away));
        }
    }

    [Fact]
    public async Task The_approval_that_completes_the_rule_starts_the_rounds()
    {
        await using var gateway = await TestGateway.StartAsync();
        var group = await TestGroup.FormAsync(gateway, members: 2, approvals: [true, true]);
        var signing = new TestSigning(group, by: 0);
        Assert.Equal("waiting", (await signing.SignAsync(prefer: null)).State);

        var answer = (await signing.DecideAsync(1, prefer: "wait=30")).Read(ProtocolJson.Default.StateJson);

        Assert.Equal("completed", answer.State);
        Assert.Equal(signing.Decide(1).Value.User, Approval.Parse(Assert.Single((await signing.ShowAsync()).Approvals).Statement).User);
    }

    [Fact]
    public async Task G06_nothing_runs_before_the_rule_is_complete()
    {
        await using var gateway = await TestGateway.StartAsync();
        var group = await TestGroup.FormAsync(gateway, members: 3, manifest => manifest with { Unattended = false, Approvals = new ApprovalPolicy([1, 2], 2) });
        var signing = new TestSigning(group, by: 0);
        await signing.SignAsync(prefer: null);
        Assert.Equal("waiting", (await signing.DecideAsync(1)).Read(ProtocolJson.Default.StateJson).State);
        Assert.Equal("waiting", (await signing.DecideAsync(1)).Read(ProtocolJson.Default.StateJson).State);
        Assert.Equal("waiting", (await signing.DecideAsync(0)).Read(ProtocolJson.Default.StateJson).State);

        Assert.All(gateway.Enclaves, enclave => Assert.Equal(0, enclave.Count("Open")));
        Assert.Equal("completed", (await signing.DecideAsync(2, prefer: "wait=30")).Read(ProtocolJson.Default.StateJson).State);
    }

    [Fact]
    public async Task A_reject_is_final()
    {
        await using var gateway = await TestGateway.StartAsync();
        var group = await TestGroup.FormAsync(gateway, members: 3, approvals: [true, true, true]);
        var signing = new TestSigning(group);
        await signing.SignAsync(prefer: null);

        Assert.Equal("rejected", (await signing.DecideAsync(1, Decision.Reject)).Read(ProtocolJson.Default.StateJson).State);
        (await signing.DecideAsync(2)).IsProblem(HttpStatusCode.Conflict, ErrorCodes.Rejected);
        (await signing.CancelAsync()).IsProblem(HttpStatusCode.Conflict, ErrorCodes.Rejected);

        var shown = await signing.ShowAsync();
        Assert.Equal(("rejected", ErrorCodes.Rejected), (shown.State, shown.Error));
        Assert.All(gateway.Enclaves, enclave => Assert.Equal(0, enclave.Count("Open")));
    }

    [Fact]
    public async Task A_cancelled_request_takes_no_approval_and_cancelling_again_changes_nothing()
    {
        await using var gateway = await TestGateway.StartAsync();
        var group = await TestGroup.FormAsync(gateway, approvals: [true, true]);
        var signing = new TestSigning(group);
        await signing.SignAsync(prefer: null);

        Assert.Equal("cancelled", (await signing.CancelAsync()).Read(ProtocolJson.Default.StateJson).State);
        Assert.Equal("cancelled", (await signing.CancelAsync()).Read(ProtocolJson.Default.StateJson).State);
        (await signing.DecideAsync(1)).IsProblem(HttpStatusCode.Conflict, ErrorCodes.Cancelled);
    }

    [Fact]
    public async Task What_is_signed_can_no_longer_be_cancelled_or_rejected_but_approving_it_is_no_error()
    {
        await using var gateway = await TestGateway.StartAsync();
        var group = await TestGroup.FormAsync(gateway);
        var signing = new TestSigning(group);
        await signing.SignAsync();

        (await signing.CancelAsync()).IsProblem(HttpStatusCode.Conflict, ErrorCodes.Conflict);
        (await signing.DecideAsync(1, Decision.Reject)).IsProblem(HttpStatusCode.Conflict, ErrorCodes.Conflict);
        Assert.Equal("completed", (await signing.DecideAsync(1)).Read(ProtocolJson.Default.StateJson).State);
    }

    [Fact]
    public async Task A_repeated_request_signs_nothing_and_shows_the_result_to_readers_only()
    {
        await using var gateway = await TestGateway.StartAsync();
        var group = await TestGroup.FormAsync(gateway);
        var signing = new TestSigning(group);
        var first = await signing.SignAsync();

        var silent = (await signing.PostAsync("wait=30", items: [1, 2, 3])).Read(ProtocolJson.Default.SigningPostedJson);
        var reader = (await signing.PostAsync(reader: group.Auths[1])).Read(ProtocolJson.Default.SigningPostedJson);
        var stranger = (await signing.PostAsync(reader: SecretKey.Generate())).Read(ProtocolJson.Default.SigningPostedJson);

        Assert.Equal(("completed", null), (silent.State, silent.Result));
        Assert.Equal(first.Result!.Blob, reader.Result!.Blob);
        Assert.Null(stranger.Result);
        Assert.All(gateway.Enclaves, enclave => Assert.Equal(1, enclave.Count("Open")));
    }

    [Fact]
    public async Task P06_another_request_under_the_same_signing_id_is_refused()
    {
        await using var gateway = await TestGateway.StartAsync();
        var group = await TestGroup.FormAsync(gateway, approvals: [true, true]);
        var signing = new TestSigning(group);
        await signing.SignAsync(prefer: null);
        await signing.DecideAsync(1, prefer: "wait=30");

        var changed = new TestSigning(group, change: request => request with { Signing = signing.Request.Value.Signing });
        (await changed.PostAsync()).IsProblem(HttpStatusCode.Conflict, ErrorCodes.Conflict);
        (await gateway.GetAsync(changed.Path, group.Creator)).IsProblem(HttpStatusCode.NotFound, ErrorCodes.NotFound);
    }

    [Fact]
    public async Task Requests_that_cannot_be_signed_are_refused_each_with_its_reason_and_nothing_is_stored()
    {
        await using var gateway = await TestGateway.StartAsync();
        var group = await TestGroup.FormAsync(gateway);
        var now = DateTimeOffset.UtcNow;

        await RefusedAsync(new TestSigning(group), HttpStatusCode.UnprocessableEntity, ErrorCodes.ItemsInvalid, items: [1]);
        await RefusedAsync(new TestSigning(group, change: request => request with { Signers = [0, 7] }), HttpStatusCode.UnprocessableEntity, ErrorCodes.RequestInvalid);
        await RefusedAsync(new TestSigning(group, by: null), HttpStatusCode.UnprocessableEntity, ErrorCodes.RequestInvalid);
        await RefusedAsync(new TestSigning(group, now: now.AddHours(-1)), HttpStatusCode.Conflict, ErrorCodes.Expired);
        await RefusedAsync(new TestSigning(group, now: now.AddHours(1)), HttpStatusCode.Conflict, ErrorCodes.NotYetValid);

        async Task RefusedAsync(TestSigning signing, HttpStatusCode status, string code, byte[]? items = null)
        {
            (await signing.PostAsync(items: items)).IsProblem(status, code);
            (await gateway.GetAsync(signing.Path, group.Creator)).IsProblem(HttpStatusCode.NotFound, ErrorCodes.NotFound);
        }
    }

    [Fact]
    public async Task N02_statements_of_others_are_answered_as_if_nothing_were_there()
    {
        await using var gateway = await TestGateway.StartAsync();
        var group = await TestGroup.FormAsync(gateway, approvals: [true, true]);
        var signing = new TestSigning(group);
        await signing.SignAsync(prefer: null);
        using var stranger = SecretKey.Generate();
        var absent = $"/api/v1/signing/{Hash32.Sha256([9])}";

        SameAsAbsent(await new TestSigning(group, key: stranger).PostAsync(), await new TestSigning(group, change: request => request with { Roster = Hash32.Sha256([7]) }).PostAsync());
        SameAsAbsent(await signing.DecideAsync(1, key: stranger), await gateway.PostAsync(absent + "/approvals", signing.Decide(1).Statement));
        SameAsAbsent(await gateway.PostAsync(absent + "/approvals", signing.Decide(1).Statement), await gateway.PostAsync(signing.Path + "/approvals", new TestSigning(group).Decide(1).Statement));
        SameAsAbsent(await signing.CancelAsync(group.Auths[1]), await gateway.PostAsync(absent + "/cancel", StatementSigner.Sign(new Cancel { Request = signing.Digest, Created = 1 }, group.Auths[0]).Statement));
        SameAsAbsent(await gateway.GetAsync(signing.Path, stranger), await gateway.GetAsync(absent, stranger));
        SameAsAbsent(await gateway.GetAsync(signing.Path + "/events", stranger), await gateway.GetAsync(absent + "/events", group.Creator));
        Assert.Equal(("waiting", 0), ((await signing.ShowAsync()).State, (await signing.ShowAsync()).Approvals.Count));
    }

    [Fact]
    public async Task A_waiting_request_expires_and_says_so()
    {
        var time = new SteppedTime();
        await using var gateway = await TestGateway.StartAsync(time: time);
        var group = await TestGroup.FormAsync(gateway, approvals: [true, true]);
        var signing = new TestSigning(group, lifetime: TimeSpan.FromSeconds(40), now: time.GetUtcNow());
        await signing.SignAsync(prefer: null);

        time.Step(TimeSpan.FromSeconds(41));

        var shown = await signing.ShowAsync(prefer: "wait=30");
        Assert.Equal(("expired", ErrorCodes.Expired), (shown.State, shown.Error));
        (await signing.DecideAsync(1)).IsProblem(HttpStatusCode.Conflict, ErrorCodes.Expired);
    }

    [Fact]
    public async Task Many_signings_of_one_group_run_beside_each_other()
    {
        await using var gateway = await TestGateway.StartAsync();
        var group = await TestGroup.FormAsync(gateway);
        var signings = Enumerable.Range(0, 40).Select(number => new TestSigning(group, by: number % 2)).ToList();

        var answers = await Task.WhenAll(signings.Select(signing => signing.SignAsync()));

        Assert.All(answers, answer => Assert.Equal("completed", answer.State));
        Assert.Equal(40, answers.Select(answer => answer.Result!.Blob).Select(Convert.ToHexString).Distinct().Count());
    }

    private static void SameAsAbsent(Answer foreign, Answer absent)
    {
        foreign.IsProblem(HttpStatusCode.NotFound, ErrorCodes.NotFound);
        absent.IsProblem(HttpStatusCode.NotFound, ErrorCodes.NotFound);
        Assert.Equal(WithoutInstance(absent), WithoutInstance(foreign));
    }

    private static ProblemJson WithoutInstance(Answer answer) => System.Text.Json.JsonSerializer.Deserialize(answer.Body, ProtocolJson.Default.ProblemJson)! with { Instance = null };
}
