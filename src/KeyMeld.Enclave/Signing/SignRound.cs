// protocol.md section 6, round 2. The order is what protects: all checks, then all nonces of the attempt leave the table, then they sign. Nothing puts one back.
using Google.Protobuf.Collections;
using KeyMeld.Enclave.Clock;
using KeyMeld.Enclave.Groups;
using KeyMeld.Enclave.Identity;
using KeyMeld.Protocol.Errors;
using KeyMeld.Protocol.Rounds;
using KeyMeld.Protocol.Sessions;
using KeyMeld.Protocol.Signing;
using KeyMeld.Protocol.Statements;
using KeyMeld.Wire.V1;

namespace KeyMeld.Enclave.Signing;

/// <summary><em>Sign</em>.</summary>
internal sealed class SignRound(EnclaveClock clock, Boot boot, EnclaveCounters counters, MemoryBudget budget, LoadedGroups groups, SigningTable table, Round1 round1)
{
    public async Task<RoundBlob> RunAsync(UntrustedSign call, CancellationToken cancellation)
    {
        var attempt = UntrustedBlobs.Attempt(call.Attempt);
        var roster = UntrustedBlobs.Roster(call.Roster);
        var digest = Untrusted.Hash(call.Request, "request digest");
        if (Untrusted.Id(call.Boot, "boot") != boot.Id)
        {
            throw NotLoaded("These nonces were made in another boot.");
        }
        using var gate = await table.EnterAsync(digest, cancellation);
        var entry = table.Find(digest) ?? throw NotLoaded("This request was not opened in this boot.");
        if (entry.Roster != roster)
        {
            throw new KeyMeldException(ErrorCodes.RosterMismatch, "The request is for another roster.");
        }
        TakeRejects(entry, call.Rejects);
        RequestWindow.Check(entry.SignUntil, entry.Created, entry.Expires, clock.NowMs);
        var set = new BlobSet(UntrustedBlobs.Read(call.Round1));
        var command = new AttemptCommand.Sign(attempt, set.Tau());
        return Refusals.Throw(AttemptMachine.Next(entry.State, command).Action, counters) is AttemptAction.RepeatRound2
            ? entry.Answers!.Round2!
            : await SignAsync(entry, command, set, cancellation);
    }

    private void TakeRejects(SigningEntry entry, RepeatedField<Wire.V1.SignedStatement> rejects)
    {
        if (rejects.Count == 0)
        {
            return;
        }
        if (!groups.TryLease(entry.Roster, out var lease))
        {
            throw NotLoaded("The group is not in memory to check a reject with.");
        }
        using (lease)
        {
            Votes.TakeRejects(entry, lease.Bundle.Roster, rejects);
        }
    }

    private async Task<RoundBlob> SignAsync(SigningEntry entry, AttemptCommand.Sign command, BlobSet set, CancellationToken cancellation)
    {
        var open = entry.Opened!;
        set.Verify(Purposes.Round1, open.Request, command.Attempt, null, own: open.Round1);
        PreparedRound prepared;
        using (budget.Reserve(Weights.Work(open.Pairs, set)))
        {
            var own = (open.Group.Node, open.Nonces.Public);
            prepared = await round1.PrepareAsync(open.Request, open.Pairs, open.Group.Cipher, set, command.Attempt, own, cancellation);
            prepared.DropNonces();
        }
        cancellation.ThrowIfCancellationRequested();
        // From here on the nonces are spent, whatever happens.
        entry.Require<AttemptAction.UseNonces>(command);
        var round2 = Answer(entry, prepared);
        if (prepared.IsWhole && budget.TryReserve(Weights.Prepared(prepared.Request, prepared.Pairs)) is { } memory)
        {
            entry.Answers!.Keep(prepared, memory);
        }
        table.Answered(entry);
        return round2;
    }

    private RoundBlob Answer(SigningEntry entry, PreparedRound prepared)
    {
        try
        {
            using var taken = entry.TakeOpened();
            var envelope = taken.Group.WriterOf(boot).Round2(prepared, SignAll(taken, prepared));
            return entry.Answers!.Round2 = envelope.ToWire();
        }
        catch
        {
            entry.Apply(new AttemptCommand.Burn());
            throw;
        }
    }

    private Round2Entry[] SignAll(OpenedAttempt taken, PreparedRound prepared)
    {
        var nonces = taken.Nonces.Take();
        var used = 0;
        try
        {
            var entries = NodeSigner.Sign(prepared, taken.Group.Node, nonces, taken.Group.KeyOf);
            used = entries.Length;
            return entries;
        }
        finally
        {
            counters.NoncesUsed(used);
            counters.NoncesBurnt(nonces.Length - used);
        }
    }

    private static KeyMeldException NotLoaded(string message) => new(ErrorCodes.NotLoaded, message);
}
