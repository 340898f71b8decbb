// Protocol section 4: one record a key epoch. AES-256-GCM under the data key, everything else of the record in the AAD and in the encryption context.
using Google.Protobuf;
using KeyMeld.Enclave.Identity;
using KeyMeld.Protocol.Errors;
using KeyMeld.Protocol.Identity;
using KeyMeld.Protocol.Sessions;
using KeyMeld.Secp256k1;

namespace KeyMeld.Enclave.Sealing;

/// <summary>Seals identity keys into records and opens them again.</summary>
internal static class KeySealer
{
    /// <summary>
    /// A new identity key with its record, tried before it is given out: the data key is unwrapped by a second call, and the record opened with what came.
    /// </summary>
    public static async Task<(SealedRecord Record, EpochIdentity Identity)> MakeAsync(
        KmsSession session, string keyId, uint enclaveId, int epoch, CancellationToken cancellation)
    {
        using var secret = SecretKey.Generate();
        return await SealAsync(session, keyId, enclaveId, epoch, secret, cancellation);
    }

    /// <summary>Seals a key under a data key of its own, and opens what came of it once more with KMS before it is given out.</summary>
    /// <returns>The record, and the identity as it was opened from it.</returns>
    public static async Task<(SealedRecord Record, EpochIdentity Identity)> SealAsync(
        KmsSession session, string keyId, uint enclaveId, int epoch, SecretKey secret, CancellationToken cancellation)
    {
        var context = KmsContext.Of((int)enclaveId, epoch, secret.PublicKey);
        using var dataKey = await session.GenerateDataKeyAsync(keyId, context, cancellation);
        var record = Seal(secret, dataKey, enclaveId, epoch);
        using var again = await UnwrapAgainAsync(session, record, context, cancellation);
        if (!again.FixedTimeEquals(dataKey.Key))
        {
            throw Mismatch();
        }
        return (record, Open(record, again));
    }

    /// <summary>Opens a record with KMS.</summary>
    public static async Task<EpochIdentity> OpenAsync(KmsSession session, SealedRecord record, CancellationToken cancellation)
    {
        using var dataKey = await session.DecryptAsync(record.KmsKeyId, record.EncryptedDek.Memory, ContextOf(record), cancellation);
        return Open(record, dataKey);
    }

    public static IReadOnlyDictionary<string, string> ContextOf(SealedRecord record) => KmsContext.Of((int)record.EnclaveId, record.Epoch, PublicKey.Parse(record.PublicKey.Span));

    private static async Task<SecretBytes> UnwrapAgainAsync(
        KmsSession session, SealedRecord record, IReadOnlyDictionary<string, string> context, CancellationToken cancellation)
    {
        try
        {
            return await session.DecryptAsync(record.KmsKeyId, record.EncryptedDek.Memory, context, cancellation);
        }
        catch (KeyMeldException fault) when (fault.Code is ErrorCodes.SealedKeyCorrupt)
        {
            throw Mismatch(fault);
        }
    }

    private static SealedRecord Seal(SecretKey secret, NewDataKey dataKey, uint enclaveId, int epoch)
    {
        using var plaintext = secret.Export();
        var aad = SealedKeyAad.Of((int)enclaveId, epoch, secret.PublicKey, dataKey.KeyArn, dataKey.Blob);
        return new SealedRecord(enclaveId, epoch, ByteString.CopyFrom(dataKey.Blob), ByteString.CopyFrom(AesGcmWire.Encrypt(dataKey.Key.Span, aad, plaintext.Span)),
            ByteString.CopyFrom(secret.PublicKey.Bytes), dataKey.KeyArn);
    }

    private static EpochIdentity Open(SealedRecord record, SecretBytes dataKey)
    {
        var publicKey = PublicKey.Parse(record.PublicKey.Span);
        var aad = SealedKeyAad.Of((int)record.EnclaveId, record.Epoch, publicKey, record.KmsKeyId, record.EncryptedDek.Span);
        if (!AesGcmWire.TryDecryptSecret(dataKey.Span, aad, record.EncryptedPrivateKey.Span, out var plaintext))
        {
            throw Corrupt(record, "does not open under its data key");
        }
        using (plaintext)
        {
            if (!SecretKey.TryImport(plaintext.Span, out var secret))
            {
                throw Corrupt(record, "holds no key");
            }
            if (!secret.PublicKey.Equals(publicKey))
            {
                secret.Dispose();
                throw Corrupt(record, "holds another key than it names");
            }
            try
            {
                return new EpochIdentity(record.Epoch, secret, StatementKey.Derive(secret));
            }
            catch
            {
                secret.Dispose();
                throw;
            }
        }
    }

    private static KeyMeldException Mismatch(KeyMeldException? inner = null) =>
        new(ErrorCodes.KmsResponseInvalid, "KMS does not unwrap the data key it made; nothing was stored.", inner) { AwsCode = inner?.AwsCode };

    private static KeyMeldException Corrupt(SealedRecord record, string what) =>
        new(ErrorCodes.SealedKeyCorrupt, $"The sealed key of epoch {record.Epoch} {what}; restore the row from a backup.");
}
