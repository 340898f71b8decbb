using System.Collections.Immutable;
using KeyMeld.Gateway.Cluster;
using KeyMeld.Gateway.Fleet;
using KeyMeld.Gateway.Operations;
using KeyMeld.Gateway.Storage;
using KeyMeld.Protocol.Errors;
using KeyMeld.Wire.V1;

namespace KeyMeld.Gateway.Operators;

/// <param name="Name">genesis, rotate or rewrap.</param>
/// <param name="Before">Every row as it stood.</param>
/// <param name="After">Every row as it stands now, or in a dry run would.</param>
/// <param name="View">The enclave afterwards.</param>
internal sealed record KeyChange(string Name, ImmutableArray<SealedKeyRow> Before, ImmutableArray<SealedKeyRow> After, EnclaveView View);

/// <summary>
/// An operator's changes of an enclave's sealed keys (protocol.md section 4). The enclave makes and tries the ciphertext, the database takes it in one transaction, and only then
/// does the enclave hear of it again; killed between any two steps, either the old rows stand and are used, or the new ones. Every change can be repeated.
/// </summary>
internal sealed partial class KeyChanges(EnclaveFleet fleet, ISealedKeyStore store, INewsBus bus, TimeProvider time, ILogger<KeyChanges> logger)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly KeyedGate<uint> _one = new(1);

    /// <summary>The first key of an enclave that this database never knew a key of.</summary>
    /// <exception cref="KeyMeldException">There is or was a key, or the enclave could not make one; nothing changed.</exception>
    public Task<KeyChange> GenesisAsync(uint id, bool dryRun, CancellationToken cancellationToken) => ChangeAsync("genesis", id, dryRun, async (link, keys) =>
    {
        if (keys.Rows is [.., var newest])
        {
            throw new KeyMeldException(ErrorCodes.SealedKeyExists, $"Enclave {id} has a key already, of epoch {newest.KeyEpoch}; `keymeld enclave rotate` makes the next.");
        }
        if (keys.EverHadOne)
        {
            throw new KeyMeldException(ErrorCodes.SealedKeyMissing,
                $"This database had a key of enclave {id}: restore its row from a backup. What was sealed to that key would not open with a new one; to begin anew, take another enclave number.");
        }
        RequireWaiting(link);
        var row = await MakeAsync(link, 1, dryRun, cancellationToken);
        if (!dryRun && !await store.AddFirstAsync(row))
        {
            throw Changed();
        }
        return [row];
    }, cancellationToken);

    /// <summary>A key of the next epoch; the older ones stay readable.</summary>
    /// <exception cref="KeyMeldException">There is no key yet, the enclave is not ready, or it could not make one; nothing changed.</exception>
    public Task<KeyChange> RotateAsync(uint id, bool dryRun, CancellationToken cancellationToken) => ChangeAsync("rotate", id, dryRun, async (link, keys) =>
    {
        var newest = Newest(keys, id);
        link.RequireReady();
        var row = await MakeAsync(link, newest.KeyEpoch + 1, dryRun, cancellationToken);
        if (!dryRun && !await store.AddNextAsync(newest, row))
        {
            throw Changed();
        }
        return keys.Rows.Add(row);
    }, cancellationToken);

    /// <summary>Every epoch sealed under the KMS key of the enclave's measured configuration; identity keys stay as they are.</summary>
    /// <exception cref="KeyMeldException">There is no key yet, the enclave is not ready, a row names a foreign KMS key, or KMS did not do its part; nothing changed.</exception>
    public Task<KeyChange> RewrapAsync(uint id, bool dryRun, CancellationToken cancellationToken) => ChangeAsync("rewrap", id, dryRun, async (link, keys) =>
    {
        _ = Newest(keys, id);
        link.RequireReady();
        var reply = await link.Calls.RewrapAsync(new UntrustedRewrap { EnclaveId = id, DryRun = dryRun, Rows = { keys.Rows } }, cancellationToken);
        ImmutableArray<SealedKeyRow> rewrapped = [.. reply.Rows];
        NewRows.RequireSameKeys(keys.Rows, rewrapped, dryRun);
        if (!dryRun && !await store.ReplaceAsync(keys.Rows, rewrapped))
        {
            throw Changed();
        }
        return rewrapped;
    }, cancellationToken);

    private async Task<KeyChange> ChangeAsync(
        string name, uint id, bool dryRun, Func<EnclaveLink, SealedKeys, Task<ImmutableArray<SealedKeyRow>>> change, CancellationToken cancellationToken)
    {
        var link = fleet.Find(id) ?? throw new KeyMeldException(ErrorCodes.NotFound, $"This gateway has no enclave {id}.");
        using var turn = await _one.TakeAsync(id, cancellationToken);
        var keys = await store.ReadAsync(id);
        var after = await WithFreshCredentialsAsync(() => change(link, keys), link, cancellationToken);
        if (!dryRun)
        {
            LogChange(name, id, string.Join(", ", after.Select(row => $"{row.KeyEpoch} under {row.KmsKeyId}")));
            bus.Publish(NewsKind.Enclave, NewsText.OfEnclave(id));
            await HandOverAsync(link, cancellationToken);
        }
        return new KeyChange(name, keys.Rows, after, link.View);
    }

    // Credentials that ended between two refreshes are no reason to refuse an order: others are fetched and handed over, once.
    private async Task<T> WithFreshCredentialsAsync<T>(Func<Task<T>> work, EnclaveLink link, CancellationToken cancellationToken)
    {
        var used = fleet.Credentials.Current;
        try
        {
            return await work();
        }
        catch (KeyMeldException exception) when (exception.Code == ErrorCodes.KmsCredentialsInvalid)
        {
            if (!await fleet.Credentials.RefreshAsync(used, cancellationToken))
            {
                throw;
            }
        }
        await link.Calls.PushCredentialsAsync(fleet.Credentials.Current!, cancellationToken);
        return await work();
    }

    // The rows are stored and count, whether or not the enclave is there to take them; when it comes back it gets them.
    private async Task HandOverAsync(EnclaveLink link, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(Patience, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            await link.WhenReadyAgainAsync(either.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
        }
    }

    private static async Task<SealedKeyRow> MakeAsync(EnclaveLink link, uint epoch, bool dryRun, CancellationToken cancellationToken)
    {
        var row = await link.Calls.GenesisAsync(new UntrustedGenesis { EnclaveId = link.Id, KeyEpoch = epoch, DryRun = dryRun }, cancellationToken);
        if (!dryRun)
        {
            NewRows.RequireOf(row, link.Id, epoch);
        }
        return row;
    }

    private static SealedKeyRow Newest(SealedKeys keys, uint id) => keys.Rows is [.., var newest]
        ? newest
        : throw new KeyMeldException(ErrorCodes.SealedKeyMissing, $"There is no sealed key of enclave {id}.");

    private static void RequireWaiting(EnclaveLink link)
    {
        if (link.View.Condition is not EnclaveCondition.Locked { Code: ErrorCodes.SealedKeyMissing })
        {
            link.RequireReady();
        }
    }

    private static KeyMeldException Changed() => new(ErrorCodes.SealedKeyChanged, "The sealed keys are not those this change began with; nothing was written.");

    [LoggerMessage(EventId = 403, EventName = "sealed_keys_changed", Level = LogLevel.Warning, Message = "Operator's {Change} of enclave {Id}: its sealed keys are now {Epochs}.")]
    private partial void LogChange(string change, uint id, string epochs);
}
