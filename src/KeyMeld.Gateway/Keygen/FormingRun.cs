using System.Collections.Immutable;
using KeyMeld.Gateway.Fleet;
using KeyMeld.Gateway.Operations;
using KeyMeld.Gateway.Storage;
using KeyMeld.Protocol.Errors;
using KeyMeld.Protocol.Groups;
using KeyMeld.Protocol.Ids;
using KeyMeld.Protocol.Statements;
using KeyMeld.Wire.V1;

namespace KeyMeld.Gateway.Keygen;

/// <summary>Loads a complete group at every enclave and collects the receipts (protocol.md section 5). An enclave that is away is waited for, a busy one asked again, boundedly.</summary>
internal sealed class FormingRun(GroupView group, EnclaveFleet fleet, TimeProvider time)
{
    private const int MaxTries = 100;

    public Hash32 Roster { get; } = RosterHash.Of(group.Hash, [.. group.Members.Select(member => member!.Statement.Hash)]);

    /// <exception cref="KeyMeldException">An enclave refused; the group will not form.</exception>
    public async Task<ImmutableArray<StoredReceipt>> RunAsync(CancellationToken cancellationToken)
    {
        using var together = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var loads = group.Manifest.Value.Enclaves.Select((enclave, index) => LoadAsync(enclave, index, together.Token)).ToList();
        try
        {
            // The first refusal decides; the others need not wait for an enclave that is away.
            await foreach (var load in Task.WhenEach(loads).WithCancellation(cancellationToken))
            {
                await load;
            }
            return [.. loads.Select(load => load.Result)];
        }
        catch
        {
            await together.CancelAsync();
            throw;
        }
    }

    private async Task<StoredReceipt> LoadAsync(EnclaveKeys enclave, int index, CancellationToken cancellationToken)
    {
        var link = fleet.Get((uint)enclave.Id);
        for (var tries = 0; ; tries++)
        {
            try
            {
                await link.WhenReadyAsync(cancellationToken);
                return Check(await link.RequireReady().LoadGroupAsync(group.BundleOf(index), cancellationToken), index);
            }
            catch (KeyMeldException exception) when (tries < MaxTries && ErrorCodes.Get(exception.Code).Retryable)
            {
                await Task.Delay(Backoff.After(tries + 1), time, cancellationToken);
            }
        }
    }

    // Only members can check the signature: it is over a hash with the session secret in it.
    private StoredReceipt Check(ReceiptReply reply, int index) =>
        reply.Enclave == index && reply.Signature.Length == 64 && reply.Roster.Span.SequenceEqual(Roster.Bytes)
            ? new StoredReceipt(index, reply.Signature.ToByteArray())
            : throw new KeyMeldException(ErrorCodes.ReceiptInvalid, $"Enclave {index} confirmed another roster than the one it was handed.");
}
