// protocol.md section 6, "Approval": a reject that was seen is final for D in this boot.
using KeyMeld.Enclave.Groups;
using KeyMeld.Protocol.Errors;
using KeyMeld.Protocol.Groups;
using KeyMeld.Protocol.Rounds;
using KeyMeld.Protocol.Signing;
using KeyMeld.Protocol.Statements;

namespace KeyMeld.Enclave.Signing;

/// <summary>Approvals and rejects as the host hands them over.</summary>
internal static class Votes
{
    // One approval and one reject of every participant; more would only make the enclave verify signatures.
    private const int OfEach = 2;

    /// <summary>Requires the group's rule to be met. Done before any nonce exists, and before the rest is looked at: a reject counts in any case.</summary>
    /// <exception cref="KeyMeldException"><c>rejected</c>, <c>approvals_missing</c>, <c>approval_invalid</c>, …</exception>
    public static void Require(SigningEntry entry, Roster roster, Signed<SigningRequest> request, IReadOnlyCollection<Wire.V1.SignedStatement> approvals)
    {
        RefuseRejected(entry);
        var rule = ApprovalRule.Of(roster);
        var state = rule.Evaluate(request, Read(entry, roster, rule, approvals));
        if (state is ApprovalState.Rejected)
        {
            entry.Apply(new AttemptCommand.Reject());
        }
        ApprovalRule.Require(state);
    }

    /// <summary>Takes note of rejects that came in since.</summary>
    /// <exception cref="KeyMeldException"><c>rejected</c>, or <c>approval_invalid</c>: one of them is not a member's reject of this request.</exception>
    public static void TakeRejects(SigningEntry entry, Roster roster, IReadOnlyCollection<Wire.V1.SignedStatement> rejects)
    {
        RefuseRejected(entry);
        if (Read(entry, roster, ApprovalRule.Of(roster), rejects).Any(vote => vote.Decision != Decision.Reject))
        {
            throw new KeyMeldException(ErrorCodes.ApprovalInvalid, "What came as a reject is none.");
        }
        if (rejects.Count > 0)
        {
            entry.Apply(new AttemptCommand.Reject());
            RefuseRejected(entry);
        }
    }

    private static List<Vote> Read(SigningEntry entry, Roster roster, ApprovalRule rule, IReadOnlyCollection<Wire.V1.SignedStatement> statements) =>
        statements.Count <= OfEach * roster.Members.Count
            ? [.. statements.Select(statement => rule.Read(entry.Digest, Untrusted.Statement(statement, "approval")))]
            : throw new KeyMeldException(ErrorCodes.LimitExceeded, $"There are {statements.Count} approvals and rejects of {roster.Members.Count} participants.");

    private static void RefuseRejected(SigningEntry entry)
    {
        if (entry.State is AttemptState.Rejected)
        {
            throw new KeyMeldException(ErrorCodes.Rejected, "A member rejected this request.");
        }
    }
}
