using KeyMeld.Protocol;
using KeyMeld.Protocol.Errors;
using KeyMeld.Protocol.Ids;
using KeyMeld.Protocol.Sessions;
using KeyMeld.Protocol.Signing;
using KeyMeld.Protocol.Statements;
using KeyMeld.Tests.Enclave.Rounds;

namespace KeyMeld.Tests.Client.CoSigning;

/// <summary>What a member at home checks before it makes a nonce, and before it signs (threats.md G23). Place 1 of three is at home; the gateway is the attacker.</summary>
public sealed class HomeNodeTests : IDisposable
{
    private readonly HostedEnclave[] _enclaves = HostedEnclave.Fleet(1);
    private readonly TestGroup _group;
    private readonly MixedRounds _rounds;

    public HomeNodeTests()
    {
        _group = new TestGroup(_enclaves, [new(0), new(null), new(0)], new GroupShape { Approvals = new ApprovalPolicy([0, 1, 2], 2), SignUntil = TestGroup.Created + (30 * 60_000) });
        _rounds = new MixedRounds(new TestRequest(_group, TestRequest.Messages(2)), _enclaves);
    }

    private HomeMember Home => _rounds.Home(1);

    private TestRequest Request => _rounds.Request;

    public void Dispose() => _rounds.Dispose();

    [Fact]
    public async Task G23_two_round_1_sets_of_one_attempt_get_one_answer()
    {
        var set = await SetAsync();
        var answer = await Home.SignAsync(Request, set);
        Assert.Same(answer, await Home.SignAsync(Request, set));
        // The enclave restarts and opens the same attempt with other nonces: the very thing that would give the key away.
        _rounds.Driver.Restart(0);
        RoundBlobEnvelope[] second = [Driver.Envelope(await _rounds.OpenAsync(NodeId.Enclave(0))), set[1]];
        await Refused.WithAsync(ErrorCodes.NonceAlreadyUsed, () => Home.SignAsync(Request, second));
        Assert.Same(answer, await Home.SignAsync(Request, set));
        await _rounds.AssertCanGoOnAsync(2);
    }

    [Fact]
    public async Task G23_a_repeated_attempt_gets_the_stored_nonces_and_a_lower_one_none()
    {
        var first = await Home.OpenAsync(Request, attempt: 2);
        Assert.Same(first, await Home.OpenAsync(Request, attempt: 2));
        await Refused.WithAsync(ErrorCodes.AttemptStale, () => Home.OpenAsync(Request, attempt: 1));
        var higher = await Home.OpenAsync(Request, attempt: 3);
        Assert.NotEqual(NoncesOf(first), NoncesOf(higher));
        // The higher attempt wiped the lower one's nonces.
        var enclave = Driver.Envelope(await _rounds.OpenAsync(NodeId.Enclave(0), 2));
        await Refused.WithAsync(ErrorCodes.NonceAlreadyUsed, () => Home.SignAsync(Request, [enclave, first], attempt: 2));
        await _rounds.AssertCanGoOnAsync(4);
    }

    [Fact]
    public async Task G23_a_request_without_the_approvals_the_group_demands_makes_no_nonce()
    {
        await Refused.WithAsync(ErrorCodes.ApprovalsMissing, () => Home.OpenAsync(Request, approvals: []));
        // Of another request, by nobody of the group, altered.
        var other = new TestRequest(_group, TestRequest.Messages(1));
        await Refused.WithAsync(ErrorCodes.ApprovalInvalid, () => Home.OpenAsync(Request, approvals: other.Approvals));
        var stranger = new TestMember(0).Decide(Request.Digest, TestGroup.Created);
        await Refused.WithAsync(ErrorCodes.ApprovalInvalid, () => Home.OpenAsync(Request, approvals: [.. Request.Approvals, stranger]));
        // Another process that never saw this request refuses to sign it as well, whatever it is shown.
        Home.Restart();
        var enclave = Driver.Envelope(await _rounds.OpenAsync(NodeId.Enclave(0)));
        await Refused.WithAsync(ErrorCodes.NotLoaded, () => Home.SignAsync(Request, [enclave]));
        await _rounds.AssertCanGoOnAsync(2);
    }

    [Fact]
    public async Task G23_a_reject_is_final_also_between_the_rounds_and_wipes_the_nonces()
    {
        var set = await SetAsync();
        var reject = _group.Members[2].Decide(Request.Digest, TestGroup.Created, Decision.Reject);
        await Refused.WithAsync(ErrorCodes.Rejected, () => Home.SignAsync(Request, set, approvals: [.. Request.Approvals, reject]));
        await Refused.WithAsync(ErrorCodes.Rejected, () => Home.SignAsync(Request, set));
        await Refused.WithAsync(ErrorCodes.Rejected, () => Home.OpenAsync(Request, attempt: 2));
        using var next = new MixedRounds(new TestRequest(_group, TestRequest.Messages(1)), _enclaves);
        await next.AssertCanGoOnAsync(1);
    }

    [Fact]
    public async Task G23_a_request_of_another_roster_is_refused()
    {
        var other = new TestGroup(_enclaves, [.. _group.Members], new GroupShape { Creator = _group.Creator });
        await Refused.WithAsync(ErrorCodes.RosterMismatch, () => Home.OpenAsync(new TestRequest(other, TestRequest.Messages(1))));
        await _rounds.AssertCanGoOnAsync(1);
    }

    [Fact]
    public async Task G23_items_that_are_not_the_requests_and_requests_that_want_nothing_of_this_place_are_refused()
    {
        var other = new TestRequest(_group, TestRequest.Messages(1));
        await Refused.WithAsync(ErrorCodes.ItemsInvalid, () => Home.Node.OpenAsync(Request.Signed.Statement, other.SealedItems, [.. Request.Approvals], 1, TestContext.Current.CancellationToken));
        await Refused.WithAsync(ErrorCodes.RequestInvalid, () => Home.OpenAsync(new TestRequest(_group, TestRequest.Messages(1), change: request => request with { Signers = [0, 2] })));
        await Refused.WithAsync(ErrorCodes.BadRequest, () => Home.OpenAsync(Request, attempt: 0));
        await _rounds.AssertCanGoOnAsync(1);
    }

    [Fact]
    public async Task G23_nothing_is_opened_or_signed_before_its_time_or_after_it()
    {
        var late = new TestRequest(_group, TestRequest.Messages(1), created: TestGroup.Created + (3 * 60_000));
        await Refused.WithAsync(ErrorCodes.NotYetValid, () => Home.OpenAsync(late));
        var set = await SetAsync();
        _rounds.Time.Advance(TestRequest.Lifetime + TimeSpan.FromMilliseconds(1));
        await Refused.WithAsync(ErrorCodes.Expired, () => Home.SignAsync(Request, set));
        await Refused.WithAsync(ErrorCodes.Expired, () => Home.OpenAsync(Request, attempt: 2));
        _rounds.Time.Advance(TimeSpan.FromMinutes(20));
        var after = new TestRequest(_group, TestRequest.Messages(1), created: _rounds.Time.GetUtcNow().ToUnixTimeMilliseconds());
        await Refused.WithAsync(ErrorCodes.SigningClosed, () => Home.OpenAsync(after));
    }

    [Theory]
    [InlineData("own blob changed")]
    [InlineData("own blob of another process")]
    [InlineData("other blob altered")]
    [InlineData("other blob signed by nobody")]
    [InlineData("a node missing")]
    [InlineData("order changed")]
    [InlineData("of another attempt")]
    public async Task G23_a_round_1_set_that_is_not_complete_and_as_the_nodes_signed_it_is_refused_and_spends_nothing(string attack)
    {
        var set = await SetAsync();
        using var twin = Home.Again();
        RoundBlobEnvelope[] changed = attack switch
        {
            "own blob changed" => [set[0], set[1] with { Blob = Flipped(set[1].Blob) }],
            "own blob of another process" => [set[0], await twin.OpenAsync(Request.Signed.Statement, Request.SealedItems, [.. Request.Approvals], 1, TestContext.Current.CancellationToken)],
            "other blob altered" => [set[0] with { Blob = Flipped(set[0].Blob) }, set[1]],
            "other blob signed by nobody" => [set[0] with { Signature = set[1].Signature }, set[1]],
            "a node missing" => [set[1]],
            "order changed" => [set[1], set[0]],
            _ => [Driver.Envelope(await _rounds.OpenAsync(NodeId.Enclave(0), attempt: 2)), set[1]],
        };
        await Refused.WithAsync(ErrorCodes.RelayFault, () => Home.SignAsync(Request, changed));
        // The nonces are still there: the honest set is signed.
        Assert.Equal(Boot, (await Home.SignAsync(Request, set)).Boot);
    }

    [Fact]
    public async Task G23_no_more_than_sixteen_attempts_are_opened_in_a_process()
    {
        var nonces = new HashSet<string>();
        for (var attempt = 1; attempt <= Limits.Attempts; attempt++)
        {
            Assert.True(nonces.Add(NoncesOf(await Home.OpenAsync(Request, attempt))));
        }
        await Refused.WithAsync(ErrorCodes.AttemptsExhausted, () => Home.OpenAsync(Request, Limits.Attempts + 1));
    }

    [Fact]
    public async Task G19_a_second_process_of_one_profile_makes_nonces_and_a_boot_of_its_own()
    {
        using var twin = Home.Again();
        var mine = await Home.OpenAsync(Request);
        var theirs = await twin.OpenAsync(Request.Signed.Statement, Request.SealedItems, [.. Request.Approvals], 1, TestContext.Current.CancellationToken);
        Assert.NotEqual(mine.Boot, theirs.Boot);
        Assert.NotEqual(NoncesOf(mine), NoncesOf(theirs));
    }

    [Fact]
    public async Task Equal_calls_at_once_are_answered_equally_and_others_lose()
    {
        var set = await SetAsync();
        _rounds.Driver.Restart(0);
        RoundBlobEnvelope[] second = [Driver.Envelope(await _rounds.OpenAsync(NodeId.Enclave(0))), set[1]];
        var answers = await Task.WhenAll(Enumerable.Range(0, 16).Select(index => Task.Run(async () =>
        {
            try
            {
                return await Home.SignAsync(Request, index % 2 == 0 ? set : second);
            }
            catch (KeyMeldException refusal) when (refusal.Code == ErrorCodes.NonceAlreadyUsed)
            {
                return null;
            }
        })));
        Assert.Single(answers.OfType<RoundBlobEnvelope>().Distinct());
        Assert.Equal(8, answers.Count(answer => answer is null));
    }

    [Fact]
    public void A_profile_whose_place_an_enclave_hosts_is_no_home_node()
    {
        var hosted = new TestGroup(_enclaves, [new(0), new(null)]);
        using var home = new HomeMember(hosted, 1, _rounds.Time);
        Assert.Equal(ErrorCodes.BadRequest, Assert.Throws<KeyMeldException>(() => new HomeMember(hosted, 0, _rounds.Time)).Code);
        Assert.Equal(NodeId.Home(1), home.Node.Node);
    }

    private Id16 Boot => Home.Node.Boot;

    private async Task<RoundBlobEnvelope[]> SetAsync() => [.. (await _rounds.OpenAllAsync()).Select(Driver.Envelope)];

    private string NoncesOf(RoundBlobEnvelope blob)
    {
        var aad = Aad.Round1(_group.RosterHash, Request.Digest, blob.Attempt, blob.Node);
        Assert.True(_group.Cipher.TryDecrypt(Purposes.Round1, aad, blob.Blob.Span, out var plaintext));
        return string.Join(' ', RoundEntries.ParseRound1(plaintext).Select(entry => Convert.ToHexString(entry.Nonce.Span)));
    }

    private static byte[] Flipped(ReadOnlyMemory<byte> bytes) => bytes.ToArray().With(copy => copy[^1] ^= 1);
}
