// Protocol section 4, "Changing the KMS key": unseal with the old, seal with the new, verify; identity keys stay the same.
using KeyMeld.Enclave.Identity;
using KeyMeld.Protocol.Errors;
using KeyMeld.Wire.V1;

namespace KeyMeld.Enclave.Sealing;

internal sealed partial class KeyLifecycle
{
    /// <summary>
    /// The records of every epoch, sealed under the configured KMS key. What still names a previous key is opened with KMS, sealed anew and opened again; a dry run does the same
    /// and gives no ciphertext away. The enclave itself is left as it was: the gateway stores all of it or nothing.
    /// </summary>
    /// <exception cref="KeyMeldException">The enclave is locked, the rows are not those it has open, or KMS did not do its part; nothing changed.</exception>
    public async Task<IReadOnlyList<SealedRecord>> RewrapAsync(UntrustedRewrap request, CancellationToken cancellation)
    {
        RequireNumber(request.EnclaveId);
        using var turn = await TakeTurnAsync(cancellation);
        var keyring = keeper.Current;
        keeper.Apply(new KeyEvent.Numbered(request.EnclaveId));
        if (configuration.Kms.KeyIsAlias)
        {
            throw new KeyMeldException(ErrorCodes.Unsupported, "kms.key_id is an alias here; sealing under another key needs the full ARN of that key.");
        }
        var records = SealedRows.Read(request.Rows, request.EnclaveId, configuration.Kms);
        RequireAll(records, keyring);
        if (records.All(IsCurrent))
        {
            return records;
        }
        var rewrapped = await sessions.RunAsync(session => RewrapAsync(session, records, cancellation), clock.NowMs);
        return request.DryRun ? [.. rewrapped.Select(record => records.Contains(record) ? record : record.WithoutCiphertext())] : rewrapped;
    }

    // A row left out would stay under the old key and be lost with it.
    private static void RequireAll(IReadOnlyList<SealedRecord> records, Keyring keyring)
    {
        if (!records.Select(record => (record.Epoch, record.PublicKey)).SequenceEqual(
            keyring.All.Select(identity => (identity.Epoch, Google.Protobuf.ByteString.CopyFrom(identity.Key.Bytes)))))
        {
            throw new KeyMeldException(ErrorCodes.SealedKeyCorrupt, "The rows to seal anew are not exactly the epochs and keys this enclave has open; restore the database.");
        }
    }

    private bool IsCurrent(SealedRecord record) => string.Equals(record.KmsKeyId, configuration.Kms.KeyId, StringComparison.Ordinal);

    private async Task<IReadOnlyList<SealedRecord>> RewrapAsync(KmsSession session, IReadOnlyList<SealedRecord> records, CancellationToken cancellation)
    {
        List<SealedRecord> rewrapped = [];
        foreach (var record in records)
        {
            rewrapped.Add(IsCurrent(record) ? record : await RewrapAsync(session, record, cancellation));
        }
        if (configuration.IsProduction)
        {
            await PolicyProbe.RunAsync(session, configuration.Kms.KeyId, rewrapped, cancellation);
        }
        return rewrapped;
    }

    // From the row, not from memory: only what KMS opens today is known to be the key the row holds.
    private async Task<SealedRecord> RewrapAsync(KmsSession session, SealedRecord record, CancellationToken cancellation)
    {
        using var identity = await KeySealer.OpenAsync(session, record, cancellation);
        var (rewrapped, again) = await KeySealer.SealAsync(session, configuration.Kms.KeyId, record.EnclaveId, record.Epoch, identity.IdentityKey, cancellation);
        using (again)
        {
            return again.Key.Equals(identity.Key) && rewrapped.PublicKey.Equals(record.PublicKey)
                ? rewrapped
                : throw new KeyMeldException(ErrorCodes.Internal, $"Sealing epoch {record.Epoch} anew gave another key; nothing was stored.");
        }
    }
}
