// protocol.md section 6, "Approval": at least `threshold` distinct users of approvals.members approved, and every signer of the request whose registration says
// approval: true approved, subsets alike; a member's request counts as its approval; a reject is final.
using KeyMeld.Protocol.Errors;
using KeyMeld.Protocol.Groups;
using KeyMeld.Protocol.Ids;
using KeyMeld.Protocol.Statements;
using KeyMeld.Secp256k1;

namespace KeyMeld.Protocol.Signing;

/// <summary>What the rule knows of a participant; public, so that a gateway can tell when to start.</summary>
/// <param name="User">The user.</param>
/// <param name="Auth">The authorisation key.</param>
/// <param name="Approval">Whether it must approve every request it signs.</param>
public sealed record Approver(Id16 User, XOnlyPublicKey Auth, bool Approval);

/// <summary>A verified approval or reject.</summary>
/// <param name="Participant">Index of who decided.</param>
/// <param name="Statement">The statement.</param>
public sealed record Vote(int Participant, Signed<Approval> Statement)
{
    /// <summary>What was decided.</summary>
    public Decision Decision => Statement.Value.Decision;
}

/// <summary>Where a request stands.</summary>
public abstract record ApprovalState
{
    private ApprovalState()
    {
    }

    /// <summary>It may be signed.</summary>
    public sealed record Complete : ApprovalState;

    /// <summary>It needs more approvals.</summary>
    /// <param name="Signers">Signers who must approve and have not.</param>
    /// <param name="Approvers">Members of the approval rule who have not approved.</param>
    /// <param name="Votes">How many of those are still needed.</param>
    public sealed record Waiting(IReadOnlyList<int> Signers, IReadOnlyList<int> Approvers, int Votes) : ApprovalState;

    /// <summary>It is refused for good.</summary>
    /// <param name="By">Index of a participant who rejected.</param>
    public sealed record Rejected(int By) : ApprovalState;
}

/// <summary>The approval rule of one group.</summary>
public sealed class ApprovalRule
{
    private readonly ApprovalPolicy _policy;
    private readonly IReadOnlyList<Approver> _participants;

    /// <summary>The rule of a manifest and its registrations.</summary>
    /// <param name="manifest">The manifest.</param>
    /// <param name="participants">Every participant, in manifest order.</param>
    public ApprovalRule(Manifest manifest, IReadOnlyList<Approver> participants)
    {
        if (participants.Count != manifest.Participants.Count)
        {
            throw new ArgumentException("The rule needs every participant.", nameof(participants));
        }
        _policy = manifest.Approvals;
        _participants = participants;
    }

    /// <summary>The rule of a roster.</summary>
    public static ApprovalRule Of(Roster roster) => new(roster.Manifest.Value, [.. roster.Members.Select(member => new Approver(member.User, member.Auth, member.Approval))]);

    /// <summary>The rule of a complete set of registrations, without the session secret.</summary>
    /// <param name="manifest">The manifest.</param>
    /// <param name="registrations">All registrations, verified, in manifest order.</param>
    public static ApprovalRule Of(Manifest manifest, IReadOnlyList<PublicRegistration> registrations) =>
        new(manifest, [.. registrations.Select(registration => new Approver(registration.Place.User, registration.Value.Auth, registration.Value.Approval))]);

    /// <summary>Verifies one approval or reject.</summary>
    /// <param name="request">D.</param>
    /// <param name="statement">The statement as received.</param>
    /// <exception cref="KeyMeldException"><c>statement_invalid</c>, or <c>approval_invalid</c>: another request, no participant, or not signed by it.</exception>
    public Vote Read(Hash32 request, SignedStatement statement)
    {
        var read = Signed.Read<Approval>(statement);
        if (read.Value.Request != request)
        {
            throw new KeyMeldException(ErrorCodes.ApprovalInvalid, "The approval is for another request.");
        }
        for (var i = 0; i < _participants.Count; i++)
        {
            if (_participants[i].User == read.Value.User)
            {
                return new Vote(i, read.Verify(ErrorCodes.ApprovalInvalid, _participants[i].Auth));
            }
        }
        throw new KeyMeldException(ErrorCodes.ApprovalInvalid, "The approval is by nobody of this group.");
    }

    /// <summary>Applies the rule. Repeated votes count once, and a reject by any participant outweighs every approval.</summary>
    /// <param name="request">The request, verified.</param>
    /// <param name="votes">Votes for this request.</param>
    /// <exception cref="ArgumentException">A vote is for another request.</exception>
    public ApprovalState Evaluate(Signed<SigningRequest> request, IEnumerable<Vote> votes)
    {
        var approved = new bool[_participants.Count];
        if (request.Value.By is { } requester)
        {
            approved[requester] = true;
        }
        int? rejected = null;
        foreach (var vote in votes)
        {
            if (vote.Statement.Value.Request != request.Digest)
            {
                throw new ArgumentException("A vote is for another request.", nameof(votes));
            }
            if (vote.Decision == Decision.Approve)
            {
                approved[vote.Participant] = true;
            }
            else
            {
                rejected ??= vote.Participant;
            }
        }
        if (rejected is { } by)
        {
            return new ApprovalState.Rejected(by);
        }
        var signers = request.Value.Signers.Where(signer => _participants[signer].Approval && !approved[signer]).ToArray();
        var approvers = _policy.Members.Where(member => !approved[member]).ToArray();
        var votesDue = Math.Max(0, _policy.Threshold - (_policy.Members.Count - approvers.Length));
        return signers.Length == 0 && votesDue == 0 ? new ApprovalState.Complete() : new ApprovalState.Waiting(signers, approvers, votesDue);
    }

    /// <summary>Verifies the statements and requires that the rule is met.</summary>
    /// <param name="request">The request, verified.</param>
    /// <param name="statements">Approvals and rejects, any order.</param>
    /// <exception cref="KeyMeldException"><c>statement_invalid</c>, <c>approval_invalid</c>, <c>rejected</c> or <c>approvals_missing</c>.</exception>
    public void Require(Signed<SigningRequest> request, IEnumerable<SignedStatement> statements) => Require(Evaluate(request, [.. statements.Select(statement => Read(request.Digest, statement))]));

    /// <summary>Requires that a request may be signed.</summary>
    /// <exception cref="KeyMeldException"><c>rejected</c> or <c>approvals_missing</c>.</exception>
    public static void Require(ApprovalState state)
    {
        switch (state)
        {
            case ApprovalState.Rejected rejected:
                throw new KeyMeldException(ErrorCodes.Rejected, $"Participant {rejected.By} rejected this request.");
            case ApprovalState.Waiting waiting:
                throw new KeyMeldException(
                    ErrorCodes.ApprovalsMissing, $"{waiting.Votes} more approvals of the group's approvers and {waiting.Signers.Count} of the signers are missing.");
        }
    }
}
