// protocol.md section 6, round 1: after every check, public nonces of exactly this enclave's (item, signer) pairs.
using KeyMeld.Enclave.Clock;
using KeyMeld.Enclave.Groups;
using KeyMeld.Enclave.Identity;
using KeyMeld.Protocol.Errors;
using KeyMeld.Protocol.Ids;
using KeyMeld.Protocol.Rounds;
using KeyMeld.Protocol.Signing;
using KeyMeld.Protocol.Statements;
using KeyMeld.Wire.V1;

namespace KeyMeld.Enclave.Signing;

/// <summary><em>Open</em>.</summary>
internal sealed class OpenRound(
    EnclaveClock clock, Boot boot, EnclaveCounters counters, MemoryBudget budget, LoadedGroups groups, SigningTable table, OpenRequests open, NonceMaker nonces)
{
    public async Task<RoundBlob> RunAsync(UntrustedOpen call, CancellationToken cancellation)
    {
        var attempt = UntrustedBlobs.Attempt(call.Attempt);
        var untrusted = Untrusted.Statement(call.Request, "request");
        var signers = Signed.Read<SigningRequest>(untrusted).Value.Signers;
        using var lease = await groups.LeaseAsync(UntrustedBlobs.Roster(call.Roster), signers, call.Bundle, cancellation);
        var roster = lease.Bundle.Roster;
        var request = RequestVerifier.VerifyStatement(roster, untrusted);
        RequestWindow.Check(roster.Manifest.Value, request.Value, clock.NowMs);

        using var gate = await table.EnterAsync(request.Digest, cancellation);
        var entry = table.Find(request.Digest) ?? table.Add(request, roster.Manifest);
        try
        {
            Votes.Require(entry, roster, request, call.Approvals);
            RequireItems(request.Value, call);
            return Refusals.Throw(AttemptMachine.Next(entry.State, new AttemptCommand.Open(attempt)).Action, counters) is AttemptAction.RepeatRound1
                ? entry.Answers!.Round1
                : await HoldAsync(entry, lease, request, call, attempt, cancellation);
        }
        finally
        {
            if (entry.State is AttemptState.Untouched)
            {
                table.Remove(entry);
            }
        }
    }

    // A repeated call is answered without opening the items again, but not with others in it.
    private static void RequireItems(SigningRequest request, UntrustedOpen call)
    {
        if (Hash32.Sha256(call.Items.Span) != request.Sealed)
        {
            throw new KeyMeldException(ErrorCodes.ItemsInvalid, "The items are not those the request was signed for.");
        }
    }

    // Until the last lines nothing changes: a call that fails or is cancelled here leaves no trace, and its nonces were seen by nobody.
    private async Task<RoundBlob> HoldAsync(
        SigningEntry entry, GroupLease lease, Signed<SigningRequest> statement, UntrustedOpen call, int attempt, CancellationToken cancellation)
    {
        var group = lease.Bundle;
        var held = new Holdings();
        try
        {
            held.Add(lease.Share());
            held.Add(open.Enter(group.RosterHash, statement.Value.By, replaces: entry.State is AttemptState.Opened));
            held.Add(budget.Reserve(Weights.Request(call.Items.Length, statement.Value.Items)));
            var request = RequestVerifier.Verify(group.Roster, statement, call.Items.Span, group.Cipher);
            held.Add(budget.Reserve(Weights.Chains(request)));
            var pairs = new PairMap(request);
            var own = RequireOwnPairs(request, pairs, group.Node);
            held.Add(budget.Reserve(Weights.Opened(pairs, own.Count)));
            var drawn = held.Add(await nonces.DrawAsync(request, pairs, group, attempt, cancellation));
            var envelope = group.WriterOf(boot).Round1(request, pairs, attempt, drawn.Public);
            var answers = new StoredAnswers(envelope.ToWire(), held: budget.Reserve(Weights.Answers(envelope.Blob.Length, own.Count)));
            if (group.IsForgotten)
            {
                answers.Dispose();
                throw new KeyMeldException(ErrorCodes.NotLoaded, "The group was forgotten meanwhile.");
            }
            entry.Require<AttemptAction.HoldFreshNonces>(new AttemptCommand.Open(attempt));
            entry.Hold(new OpenedAttempt(request, pairs, drawn, envelope, group, held), answers);
            return answers.Round1;
        }
        catch
        {
            held.Dispose();
            throw;
        }
    }

    private static IReadOnlyList<int> RequireOwnPairs(VerifiedRequest request, PairMap pairs, NodeId node)
    {
        var place = request.PlaceOf(node);
        return place >= 0 ? pairs.OfNode(place) : throw new KeyMeldException(ErrorCodes.RequestInvalid, "No signer of this request is hosted here.");
    }
}
