using Google.Protobuf;
using KeyMeld.Enclave.Clock;
using KeyMeld.Enclave.Configuration;
using KeyMeld.Enclave.Identity;
using KeyMeld.Enclave.Sealing.Kms;
using KeyMeld.Protocol.Errors;
using KeyMeld.Wire.V1;

namespace KeyMeld.Enclave.Sealing;

/// <summary>
/// Brings the keys in: Configure opens what the gateway stored, Genesis makes what is new. One at a time; nothing runs by itself, so that an outage ends
/// with the gateway's next call. Every failure leaves the enclave locked with its reason, or ready with what it had.
/// </summary>
internal sealed partial class KeyLifecycle(EnclaveConfiguration configuration, KeyKeeper keeper, KmsSessions sessions, EnclaveClock clock) : IDisposable
{
    // Configure and Genesis wait for each other; more than a few that wait are not an honest gateway's.
    private const int MaxWaiting = 8;

    private readonly SemaphoreSlim _one = new(1, 1);
    private int _waiting;

    /// <exception cref="KeyMeldException">The call contradicts what is known; a key that cannot be opened shows in the state instead.</exception>
    public async Task ConfigureAsync(UntrustedConfigure request, CancellationToken cancellation)
    {
        RequireNumber(request.EnclaveId);
        using var turn = await TakeTurnAsync(cancellation);
        keeper.Apply(new KeyEvent.Numbered(request.EnclaveId));
        try
        {
            if (request.Credentials is { } credentials)
            {
                PushCredentials(credentials);
            }
            await OpenRowsAsync(request, cancellation);
        }
        catch (KeyMeldException fault) when (keeper.CurrentOrNull is null)
        {
            keeper.Apply(new KeyEvent.Refused(new LockReason(fault.Code, fault.Message, fault.AwsCode)));
        }
        catch (OperationCanceledException) when (keeper.CurrentOrNull is null)
        {
            keeper.Apply(new KeyEvent.Refused(new LockReason(ErrorCodes.Unavailable, "Opening the sealed keys was interrupted.")));
            throw;
        }
    }

    /// <exception cref="KeyMeldException">They are no AWS credentials.</exception>
    public void PushCredentials(AwsCredentials pushed)
    {
        var credentials = new KmsCredentials(pushed.AccessKeyId, pushed.SecretAccessKey, pushed.SessionToken, pushed.ExpiresMs);
        sessions.Use(credentials.AreWellFormed
            ? credentials
            : throw new KeyMeldException(ErrorCodes.KmsCredentialsInvalid, "The gateway pushed something that is no AWS credentials; set its AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY."));
    }

    /// <summary>A new key's record, or again the one that waits to be stored. A dry run makes, seals and tries a key like any other and throws it away.</summary>
    /// <exception cref="KeyMeldException">There is a key, or it could not be made; nothing changed.</exception>
    public async Task<SealedRecord> GenesisAsync(UntrustedGenesis request, CancellationToken cancellation)
    {
        RequireNumber(request.EnclaveId);
        if (request.KeyEpoch is 0 or > int.MaxValue)
        {
            throw new KeyMeldException(ErrorCodes.BadRequest, "key_epoch must be 1 for the first key, the newest plus one for the next.");
        }
        using var turn = await TakeTurnAsync(cancellation);
        if (keeper.State is KeyState.Unconfigured)
        {
            throw new KeyMeldException(ErrorCodes.EnclaveLocked, "The enclave has not been configured yet.");
        }
        keeper.Apply(new KeyEvent.Numbered(request.EnclaveId));
        if (keeper.Apply(new KeyEvent.GenesisAsked((int)request.KeyEpoch)) is KeyState.Pending pending)
        {
            return request.DryRun ? pending.Record.WithoutCiphertext() : pending.Record;
        }
        var (record, identity) = await sessions.RunAsync(async session =>
        {
            var made = await KeySealer.MakeAsync(session, configuration.Kms.KeyId, request.EnclaveId, (int)request.KeyEpoch, cancellation);
            await ProbeAsync(session, [made.Record], made.Identity, cancellation);
            return made;
        }, clock.NowMs);
        if (request.DryRun)
        {
            identity.Dispose();
            return record.WithoutCiphertext() with { PublicKey = ByteString.Empty };
        }
        keeper.Keep(record, identity);
        return record;
    }

    public void Dispose() => _one.Dispose();

    private static void RequireNumber(uint enclaveId)
    {
        if (enclaveId > int.MaxValue)
        {
            throw new KeyMeldException(ErrorCodes.BadRequest, "enclave_id must be below 2^31.");
        }
    }

    private async Task OpenRowsAsync(UntrustedConfigure request, CancellationToken cancellation)
    {
        if (request.RowsError.Length > 0)
        {
            throw new KeyMeldException(ErrorCodes.SealedKeyUnreadable, "The gateway could not read its sealed keys: " + SealedRows.Printable(request.RowsError));
        }
        var records = SealedRows.Read(request.Rows, request.EnclaveId, configuration.Kms);
        if (records.Count == 0)
        {
            throw new KeyMeldException(ErrorCodes.SealedKeyMissing, "The gateway has no sealed key for this enclave: restore its database, or order a first key.");
        }
        var missing = records.Where(IsNotOpen).ToList();
        if (missing.Count == 0)
        {
            return;
        }
        if (missing is [var only] && keeper.FindPending(only) is { } pending)
        {
            keeper.Open([pending]);
            return;
        }
        keeper.Open(await sessions.RunAsync(session => OpenAsync(session, missing, cancellation), clock.NowMs));
    }

    // Open already: nothing to ask KMS. Another key for an epoch in use is an alarm, and the enclave goes on with what it has.
    private bool IsNotOpen(SealedRecord record)
    {
        var open = keeper.CurrentOrNull?.All.FirstOrDefault(identity => identity.Epoch == record.Epoch);
        if (open is not null && !open.Key.Bytes.SequenceEqual(record.PublicKey.Span))
        {
            throw new KeyMeldException(ErrorCodes.SealedKeyCorrupt, $"The row of epoch {record.Epoch} holds another key than the one this enclave already uses for it.");
        }
        return open is null;
    }

    private async Task<IReadOnlyCollection<EpochIdentity>> OpenAsync(KmsSession session, IReadOnlyList<SealedRecord> records, CancellationToken cancellation)
    {
        var opened = new List<EpochIdentity>();
        try
        {
            foreach (var record in records)
            {
                opened.Add(await KeySealer.OpenAsync(session, record, cancellation));
            }
            if (configuration.IsProduction)
            {
                await PolicyProbe.RunAsync(session, configuration.Kms.KeyId, records, cancellation);
            }
            return opened;
        }
        catch
        {
            opened.ForEach(identity => identity.Dispose());
            throw;
        }
    }

    private async Task ProbeAsync(KmsSession session, IReadOnlyList<SealedRecord> records, EpochIdentity made, CancellationToken cancellation)
    {
        if (!configuration.IsProduction)
        {
            return;
        }
        try
        {
            await PolicyProbe.RunAsync(session, configuration.Kms.KeyId, records, cancellation);
        }
        catch
        {
            made.Dispose();
            throw;
        }
    }

    private async Task<IDisposable> TakeTurnAsync(CancellationToken cancellation)
    {
        try
        {
            if (Interlocked.Increment(ref _waiting) > MaxWaiting)
            {
                throw new KeyMeldException(ErrorCodes.Busy, "The enclave is being configured by other calls.");
            }
            await _one.WaitAsync(cancellation);
        }
        finally
        {
            Interlocked.Decrement(ref _waiting);
        }
        return new Turn(_one);
    }

    private sealed class Turn(SemaphoreSlim one) : IDisposable
    {
        public void Dispose() => one.Release();
    }
}
