using KeyMeld.Protocol.Errors;
using KeyMeld.Protocol.Groups;
using KeyMeld.Protocol.Signing;
using KeyMeld.Protocol.Statements;
using KeyMeld.Secp256k1;
using KeyMeld.Tests.Protocol.Support;

namespace KeyMeld.Tests.Protocol;

/// <summary>The approval rule. In the story 0, 1 and 2 are approvers of which two are needed; every signer but 1 must approve itself.</summary>
public sealed class ApprovalTests : IDisposable
{
    private readonly Story _story = new();

    [Fact]
    public void G06_the_threshold_and_every_signer_who_asked_are_needed()
    {
        var request = _story.Verify(_story.Request());
        var waiting = Waiting(request);
        Assert.Equal([2, 3], waiting.Signers);
        Assert.Equal([1, 2], waiting.Approvers);
        Assert.Equal(1, waiting.Votes);
        Assert.Equal([2], Waiting(request, 3).Signers);
        Assert.Equal([3], Waiting(request, 2).Signers);
        Assert.Equal(0, Waiting(request, 2).Votes);
        Assert.IsType<ApprovalState.Complete>(Evaluate(request, 2, 3));
        Rule().Require(request.Request, [_story.Decide(request, 2), _story.Decide(request, 3)]);
        Assert.Equal(ErrorCodes.ApprovalsMissing, Assert.Throws<KeyMeldException>(() => Rule().Require(request.Request, [_story.Decide(request, 1), _story.Decide(request, 3)])).Code);
    }

    [Fact]
    public void G06_repeated_approvals_count_once()
    {
        // Of the subset {0, 2}: both must approve, and two approvers. 0 asks; 2 twice is still one.
        using var story = new Story(manifest => manifest with { Approvals = new ApprovalPolicy([0, 1, 2, 3], 3) });
        var request = story.Verify(story.Request(story.MakeItems()[1..]));
        var rule = ApprovalRule.Of(story.Roster);
        var twice = new[] { story.Decide(request, 2), story.Decide(request, 2), story.Decide(request, 0) }.Select(statement => rule.Read(request.Digest, statement));
        Assert.Equal(1, Assert.IsType<ApprovalState.Waiting>(rule.Evaluate(request.Request, twice)).Votes);
    }

    [Fact]
    public void G06_a_reject_outweighs_every_approval_whatever_the_order()
    {
        var request = _story.Verify(_story.Request());
        SignedStatement[] statements = [_story.Decide(request, 2), _story.Decide(request, 3), _story.Decide(request, 2, Decision.Reject)];
        Assert.Equal(ErrorCodes.Rejected, Assert.Throws<KeyMeldException>(() => Rule().Require(request.Request, statements)).Code);
        Assert.Equal(ErrorCodes.Rejected, Assert.Throws<KeyMeldException>(() => Rule().Require(request.Request, statements.Reverse())).Code);
    }

    [Fact]
    public void G06_approvals_of_another_request_of_strangers_or_under_another_key_are_refused()
    {
        var request = _story.Verify(_story.Request());
        var other = _story.Verify(_story.Request(_story.MakeItems()[1..]));
        Invalid(request, _story.Decide(other, 2));
        Invalid(request, _story.Decide(request, 2, signer: _story.Auths[1]));
        Invalid(request, _story.Decide(request, 2, signer: _story.Admissions[2]));
        Invalid(request, StatementSigner.Sign(new Approval { Request = request.Digest, User = Story.Id("stranger"), Decision = Decision.Approve, Created = 1 }, _story.Auths[2]).Statement);
        var altered = _story.Decide(request, 2, Decision.Reject);
        var forged = Signed.Read<Approval>(altered).Value with { Decision = Decision.Approve };
        Invalid(request, new SignedStatement(forged.Encode(), altered.Signatures));
    }

    [Fact]
    public void The_creators_request_is_nobodys_approval()
    {
        var waiting = Waiting(_story.Verify(_story.Request(by: null)));
        Assert.Equal([0, 2, 3], waiting.Signers);
        Assert.Equal(2, waiting.Votes);
    }

    [Fact]
    public void An_unattended_group_still_asks_the_signers_who_want_to_be_asked()
    {
        using var story = new Story(manifest => manifest with { Unattended = true, Approvals = new ApprovalPolicy([], 0) });
        var request = story.Verify(story.Request());
        var waiting = Assert.IsType<ApprovalState.Waiting>(ApprovalRule.Of(story.Roster).Evaluate(request.Request, []));
        Assert.Equal([2, 3], waiting.Signers);
        Assert.Equal(0, waiting.Votes);
    }

    [Fact]
    public void The_rule_is_the_same_without_the_session_secret()
    {
        var registrations = _story.Registrations.Select(statement => PublicRegistration.Verify(_story.Manifest, statement)).ToArray();
        var rule = ApprovalRule.Of(_story.Manifest.Value, registrations);
        var request = _story.Verify(_story.Request());
        SignedStatement[] statements = [_story.Decide(request, 2), _story.Decide(request, 3)];
        rule.Require(request.Request, statements);
        Assert.Throws<KeyMeldException>(() => rule.Require(request.Request, statements[..1]));
        Assert.Equal(_story.Roster.RosterHash, RosterHash.Of(_story.Manifest.Digest, [.. registrations.Select(registration => registration.Statement.Hash)]));
        Assert.Throws<ArgumentException>(() => ApprovalRule.Of(_story.Manifest.Value, registrations[..3]));
    }

    [Fact]
    public void What_is_public_of_a_request_is_verified_without_the_session_secret()
    {
        XOnlyPublicKey[] auths = [.. _story.Auths.Select(auth => auth.XOnlyPublicKey)];
        PublicRequest Verify(SignedStatement statement) => PublicRequest.Verify(_story.Manifest.Value, _story.Roster.RosterHash, auths, statement);
        string Refusal(SignedStatement statement) => Assert.Throws<KeyMeldException>(() => Verify(statement)).Code;

        Assert.Equal(auths[0], Verify(_story.Request().Request).Requester);
        Assert.Equal(ErrorCodes.RequestInvalid, Refusal(_story.Request(change: request => request with { Signers = [0, 4] }).Request));
        Assert.Equal(ErrorCodes.RequestInvalid, Refusal(_story.Request(change: request => request with { By = 4 }).Request));
        Assert.Equal(ErrorCodes.RequestInvalid, Refusal(_story.Request(signer: _story.Auths[1]).Request));
        Assert.Equal(ErrorCodes.RosterMismatch, Refusal(_story.Request(change: request => request with { Roster = _story.Manifest.Digest }).Request));
    }

    [Fact]
    public void A_vote_for_another_request_is_never_counted()
    {
        var request = _story.Verify(_story.Request());
        var other = _story.Verify(_story.Request(_story.MakeItems()[1..]));
        var vote = Rule().Read(other.Digest, _story.Decide(other, 2));
        Assert.Throws<ArgumentException>(() => Rule().Evaluate(request.Request, [vote]));
    }

    public void Dispose() => _story.Dispose();

    private ApprovalRule Rule() => ApprovalRule.Of(_story.Roster);

    private ApprovalState Evaluate(VerifiedRequest request, params int[] approvals) =>
        Rule().Evaluate(request.Request, approvals.Select(place => Rule().Read(request.Digest, _story.Decide(request, place))));

    private ApprovalState.Waiting Waiting(VerifiedRequest request, params int[] approvals) => Assert.IsType<ApprovalState.Waiting>(Evaluate(request, approvals));

    private void Invalid(VerifiedRequest request, SignedStatement statement) =>
        Assert.Equal(ErrorCodes.ApprovalInvalid, Assert.Throws<KeyMeldException>(() => Rule().Read(request.Digest, statement)).Code);
}
