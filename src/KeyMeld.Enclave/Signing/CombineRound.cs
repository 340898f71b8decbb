// protocol.md section 6, "Combine" and "Blame": needs the session secret but no signing secret and no earlier Open; the same from every enclave of the group.
using KeyMeld.Enclave.Groups;
using KeyMeld.Enclave.Identity;
using KeyMeld.Protocol.Errors;
using KeyMeld.Protocol.Ids;
using KeyMeld.Protocol.Rounds;
using KeyMeld.Protocol.Sessions;
using KeyMeld.Protocol.Signing;
using KeyMeld.Protocol.Statements;
using KeyMeld.Wire.V1;

namespace KeyMeld.Enclave.Signing;

/// <summary><em>Combine</em>.</summary>
internal sealed class CombineRound(Boot boot, MemoryBudget budget, LoadedGroups groups, SigningTable table, BatchRunner batch, Round1 round1)
{
    public async Task<RoundBlob> RunAsync(UntrustedCombine call, CancellationToken cancellation)
    {
        var attempt = UntrustedBlobs.Attempt(call.Attempt);
        var first = new BlobSet(UntrustedBlobs.Read(call.Round1));
        var second = new BlobSet(UntrustedBlobs.Read(call.Round2));
        using var lease = await groups.LeaseAsync(UntrustedBlobs.Roster(call.Roster), [], call.Bundle, cancellation);
        var group = lease.Bundle;
        var statement = RequestVerifier.VerifyStatement(group.Roster, Untrusted.Statement(call.Request, "request"));

        using var held = new Holdings();
        var signed = Recall(statement, call, attempt, first.Tau());
        var prepared = signed?.Prepared;
        var (request, pairs) = prepared is not null ? (prepared.Request, prepared.Pairs) : Verify(group, statement, call, held);
        // The very bytes that were verified before this enclave signed are not verified again, and its own answer is compared.
        if (prepared is null || !prepared.Seals.SequenceEqual(first.Seals))
        {
            first.Verify(Purposes.Round1, request, attempt, null);
        }
        second.Verify(Purposes.Round2, request, attempt, first.Tau(), own: signed?.Round2 is { } own ? UntrustedBlobs.Read(own) : null);
        held.Add(budget.Reserve(Weights.Work(pairs, first) + Weights.Work(pairs, second)));
        prepared ??= await round1.PrepareAsync(request, pairs, group.Cipher, first, attempt, own: null, cancellation);
        var partials = Round2.Open(prepared, group.Cipher, first, second);

        var results = new ItemResult[request.Items.Count];
        await batch.ForEachAsync(results.Length, item => results[item] = ItemCombiner.Combine(prepared, partials, item), cancellation);
        if (Array.Exists(results, result => result is ItemResult.Failed { Node: null }))
        {
            // The items whose signatures do not verify: only now the work of finding out whose fault it is.
            if (prepared.Nonces is null)
            {
                prepared = await round1.PrepareAsync(request, pairs, group.Cipher, first, attempt, own: null, cancellation);
            }
            await batch.ForEachAsync(results.Length, item => results[item] = ItemCombiner.Blame(prepared, partials, item, results[item]), cancellation);
        }
        return SignedResult.Seal(request, group.Cipher, results, attempt, group.Index, boot.Id, first.Tau(), group.Identity.StatementKey).ToWire();
    }

    // What this enclave computed when it signed the same set, where it signed every item of it: D names the request and its items, τ every byte of round 1.
    private StoredAnswers? Recall(Signed<SigningRequest> statement, UntrustedCombine call, int attempt, Hash32 tau)
    {
        if (Hash32.Sha256(call.Items.Span) != statement.Value.Sealed)
        {
            throw new KeyMeldException(ErrorCodes.ItemsInvalid, "The items are not those the request was signed for.");
        }
        return table.Find(statement.Digest)?.Answers is { Prepared: { IsWhole: true } prepared } answers && prepared.Attempt == attempt && prepared.Tau == tau ? answers : null;
    }

    private (VerifiedRequest Request, PairMap Pairs) Verify(GroupBundle group, Signed<SigningRequest> statement, UntrustedCombine call, Holdings held)
    {
        held.Add(budget.Reserve(Weights.Request(call.Items.Length, statement.Value.Items)));
        var request = RequestVerifier.Verify(group.Roster, statement, call.Items.Span, group.Cipher);
        held.Add(budget.Reserve(Weights.Chains(request)));
        return (request, new PairMap(request));
    }
}
