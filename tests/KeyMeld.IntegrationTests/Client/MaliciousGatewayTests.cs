using System.Text;
using System.Text.Json.Nodes;
using KeyMeld.Client;
using KeyMeld.IntegrationTests.Support;
using KeyMeld.Protocol.Errors;

namespace KeyMeld.IntegrationTests.Client;

/// <summary>The real gateway with a liar in front of it: what it answers is changed on the way to the SDK.</summary>
public sealed class MaliciousGatewayTests : IDisposable
{
    private static readonly JoinOptions Silent = new() { Approval = false, AcceptUnattended = true };
    private readonly StackFixture _fixture;
    private readonly List<TestUser> _users;
    private readonly Liar _liar = new();
    private readonly Profile _profile;
    private readonly KeyMeldClient _victim;

    public MaliciousGatewayTests(StackFixture fixture)
    {
        _fixture = fixture;
        _users = [fixture.Stack.NewUser(), fixture.Stack.NewUser()];
        _profile = Profile.Create(StackFixture.NewFolder("victim"));
        _victim = KeyMeldClient.Connect(fixture.Stack.Gateway, fixture.Stack.ClientPolicy(), _profile, new KeyMeldClientOptions { Handler = _liar });
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _users.ForEach(user => user.Dispose());
        _victim.Dispose();
        _profile.Dispose();
        _liar.Dispose();
        Directory.Delete(_profile.Folder, recursive: true);
    }

    [Fact]
    public async Task G01_a_replayed_identity_of_a_real_enclave_is_refused_and_nothing_is_posted()
    {
        JsonNode? first = null;
        _liar.Change = (path, answer) =>
        {
            if (path.Contains("/identity", StringComparison.Ordinal))
            {
                first ??= answer.DeepClone();
                return first;
            }
            return answer;
        };
        await _victim.Enclaves.VerifyAsync(0, Cancel);
        await RefusedAsync(ErrorCodes.AttestationInvalid, () => _victim.Enclaves.VerifyAsync(0, Cancel));
        await RefusedAsync(ErrorCodes.AttestationInvalid, () => _victim.Groups.CreateAsync(new GroupPlan { Participants = [PlannedParticipant.Own()], Enclaves = [0] }, Cancel));
        Assert.Equal(0, _liar.Posts);
        _liar.Change = null;
        using var created = await _victim.Groups.CreateAsync(new GroupPlan { Participants = [PlannedParticipant.Own()] }, Cancel);
        Assert.Equal(1, _liar.Posts);
    }

    [Fact]
    public async Task G04_G18_changed_manifests_rosters_and_receipts_of_a_real_group_are_refused()
    {
        using var created = await _users[0].Client.Groups.CreateAsync(new GroupPlan { Participants = [PlannedParticipant.Own(), PlannedParticipant.Invited()] }, Cancel);
        using (var key = MemberKey.Generate())
        {
            await _users[0].Client.Groups.JoinAsync(created.Id, key, null, Cancel);
        }
        var invitation = created.Invitations[0].Invitation;
        _liar.Change = (_, answer) => Flip(answer, ["manifest", "statement"]);
        await Assert.ThrowsAsync<KeyMeldException>(() => _victim.Groups.InspectAsync(invitation, Cancel));
        _liar.Change = (_, answer) => Flip(answer, ["terms"]);
        await RefusedAsync(ErrorCodes.TermsMismatch, () => _victim.Groups.InspectAsync(invitation, Cancel));
        _liar.Change = null;
        using (var offer = await _victim.Groups.InspectAsync(invitation, Cancel))
        using (var key = MemberKey.Generate())
        {
            await _victim.Groups.JoinAsync(offer, key, null, Cancel);
        }
        _liar.Change = (path, answer) => path.StartsWith("/api/v1/keygen", StringComparison.Ordinal) && answer["receipts"] is JsonArray { Count: > 0 } receipts
            ? With(answer, () => receipts[0]!["signature"] = receipts[^1]!["signature"]!.GetValue<string>()) : answer;
        var isOneEnclave = (await _users[0].Client.Groups.WaitUntilFormedAsync(created.Id, cancellationToken: Cancel)).Enclaves.Count == 1;
        Assert.False(isOneEnclave);
        await RefusedAsync(ErrorCodes.ReceiptInvalid, () => _victim.Groups.WaitUntilFormedAsync(created.Id, cancellationToken: Cancel));
        _liar.Change = (_, answer) => answer["registrations"] is JsonArray { Count: 2 } both ? With(answer, () => both[0] = both[1]!.DeepClone()) : answer;
        await RefusedAsync(ErrorCodes.RegistrationInvalid, () => _victim.Groups.WaitUntilFormedAsync(created.Id, cancellationToken: Cancel));
        _liar.Change = null;
        var group = await _victim.Groups.WaitUntilFormedAsync(created.Id, cancellationToken: Cancel);
        Assert.True(group.MatchesRoster(_users[0].Group(created.Id).RosterHash));
    }

    [Fact]
    public async Task G11_changed_results_of_a_real_signing_are_refused()
    {
        using var created = await _victim.Groups.CreateAsync(new GroupPlan { Participants = [PlannedParticipant.Own()], Unattended = true }, Cancel);
        using (var key = MemberKey.Generate())
        {
            await _victim.Groups.JoinAsync(created.Id, key, Silent, Cancel);
        }
        var group = await _victim.Groups.WaitUntilFormedAsync(created.Id, cancellationToken: Cancel);
        var outcome = await _victim.Signings.SignAsync(group, [SigningContent.FromHash(new byte[32])], cancellationToken: Cancel);
        foreach (var member in (string[])["blob", "signature", "tau", "boot"])
        {
            _liar.Change = (_, answer) => answer["result"] is null ? answer : Flip(answer, ["result", member]);
            await RefusedAsync(ErrorCodes.RelayFault, () => _victim.Signings.StatusAsync(outcome.Reference, Cancel));
        }
        _liar.Change = null;
        Assert.Equal(outcome.Signatures, (await _victim.Signings.StatusAsync(outcome.Reference, Cancel)).Signatures);
        Assert.NotNull(_fixture);
    }

    [Fact]
    public async Task G16_G11_changed_answers_about_a_real_key_are_refused()
    {
        _liar.Change = (path, answer) => path == "/api/v1/keys" && answer["answer"] is not null ? Flip(answer, ["answer"]) : answer;
        await RefusedAsync(ErrorCodes.GatewayResponseInvalid, () => _victim.Keys.MakeAsync(new NewKeyOptions { Label = "made" }, Cancel));
        await RefusedAsync(ErrorCodes.GatewayResponseInvalid, () => _victim.Keys.ResumeAsync(_victim.Keys.Find("made").Id, Cancel));
        _liar.Change = null;
        var key = await _victim.Keys.ResumeAsync(_victim.Keys.Find("made").Id, Cancel);
        _liar.Change = (path, answer) => path.EndsWith("/sign", StringComparison.Ordinal) ? Flip(answer, ["answer"]) : answer;
        await RefusedAsync(ErrorCodes.GatewayResponseInvalid, () => _victim.Keys.SignBip340Async(key, new byte[32], cancellationToken: Cancel));
        _liar.Change = null;
        await _victim.Keys.SignBip340Async(key, new byte[32], cancellationToken: Cancel);

        using var created = await _victim.Groups.CreateAsync(new GroupPlan { Participants = [PlannedParticipant.Own()], Unattended = true }, Cancel);
        using var made = MemberKey.MadeByEnclave();
        _liar.Change = (path, answer) => path.EndsWith("/make-key", StringComparison.Ordinal) ? Flip(answer, ["answer"]) : answer;
        await RefusedAsync(ErrorCodes.GatewayResponseInvalid, () => _victim.Groups.JoinAsync(created.Id, made, Silent, Cancel));
        _liar.Change = null;
        await _victim.Groups.JoinAsync(created.Id, made, Silent, Cancel);
        await _victim.Groups.WaitUntilFormedAsync(created.Id, cancellationToken: Cancel);
    }

    private static async Task RefusedAsync(string code, Func<Task> call)
    {
        var error = await Assert.ThrowsAsync<KeyMeldException>(call);
        Assert.Equal((code, error.Message), (error.Code, error.Message));
    }

    private static JsonNode With(JsonNode answer, Action change)
    {
        change();
        return answer;
    }

    /// <summary>Changes one digit in the middle of a hex or base64 member; all digits used are valid in both.</summary>
    private static JsonNode Flip(JsonNode answer, string[] path)
    {
        var parent = path[..^1].Aggregate(answer, (node, name) => node[name]!);
        var text = new StringBuilder(parent[path[^1]]!.GetValue<string>());
        text[text.Length / 2] = text[text.Length / 2] == 'a' ? 'b' : 'a';
        parent[path[^1]] = text.ToString();
        return answer;
    }

    private sealed class Liar : DelegatingHandler
    {
        public Liar()
            : base(new SocketsHttpHandler { AllowAutoRedirect = false })
        {
        }

        public Func<string, JsonNode, JsonNode>? Change { get; set; }

        public int Posts { get; private set; }

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            Posts += request.Method == HttpMethod.Post ? 1 : 0;
            var response = await base.SendAsync(request, cancellationToken);
            if (Change is { } change && response.IsSuccessStatusCode)
            {
                var answer = JsonNode.Parse(await response.Content.ReadAsByteArrayAsync(cancellationToken))!;
                var type = response.Content.Headers.ContentType;
                response.Content = new StringContent(change(request.RequestUri!.PathAndQuery, answer).ToJsonString());
                response.Content.Headers.ContentType = type;
            }
            return response;
        }
    }
}
