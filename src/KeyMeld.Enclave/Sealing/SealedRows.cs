using KeyMeld.Enclave.Configuration;
using KeyMeld.Enclave.Identity;
using KeyMeld.Protocol.Errors;
using KeyMeld.Secp256k1;
using KeyMeld.Wire.V1;

namespace KeyMeld.Enclave.Sealing;

/// <summary>Checks the rows a gateway hands over before anything is asked of KMS.</summary>
internal static class SealedRows
{
    private const int MaxRows = 256;
    private const int MaxDekBytes = 6144;

    // 0x01, nonce, 32 bytes, tag.
    private const int SealedSecretBytes = 1 + 12 + SecretKey.Size + 16;

    /// <summary>The rows in order of their epochs.</summary>
    /// <exception cref="KeyMeldException">A row is not this enclave's, ill-formed, repeated, or sealed under a KMS key that is not configured.</exception>
    public static IReadOnlyList<SealedRecord> Read(IReadOnlyCollection<SealedKeyRow> rows, uint enclaveId, KmsConfiguration configuration)
    {
        if (rows.Count > MaxRows)
        {
            throw new KeyMeldException(ErrorCodes.LimitExceeded, $"There are {rows.Count} sealed keys; at most {MaxRows} are taken.");
        }
        var records = rows.Select(row => Read(row, enclaveId, configuration)).OrderBy(record => record.Epoch).ToList();
        var repeated = records.GroupBy(record => record.Epoch).FirstOrDefault(group => group.Count() > 1);
        return repeated is null ? records : throw Corrupt(repeated.Key, "stands there twice");
    }

    private static SealedRecord Read(SealedKeyRow row, uint enclaveId, KmsConfiguration configuration)
    {
        if (row.EnclaveId != enclaveId)
        {
            throw Corrupt(row.KeyEpoch, $"is that of enclave {row.EnclaveId}, not of {enclaveId}");
        }
        if (row.KeyEpoch is 0 or > int.MaxValue)
        {
            throw Corrupt(row.KeyEpoch, "has an impossible epoch");
        }
        if (!PublicKey.TryParse(row.PublicKey.Span, out _))
        {
            throw Corrupt(row.KeyEpoch, "has no valid public key");
        }
        if (row.KmsEncryptedDek.Length is 0 or > MaxDekBytes || row.EncryptedPrivateKey.Length != SealedSecretBytes)
        {
            throw Corrupt(row.KeyEpoch, "has an impossible length");
        }
        if (!configuration.Accepts(row.KmsKeyId))
        {
            throw new KeyMeldException(ErrorCodes.KmsConfigMismatch,
                $"The sealed key of epoch {row.KeyEpoch} names a KMS key that is neither kms.key_id nor among kms.previous_key_ids of the measured configuration: {Printable(row.KmsKeyId)}");
        }
        return new SealedRecord(row.EnclaveId, (int)row.KeyEpoch, row.KmsEncryptedDek, row.EncryptedPrivateKey, row.PublicKey, row.KmsKeyId);
    }

    /// <summary>Foreign text for an operator's eyes: one line, printable, short.</summary>
    public static string Printable(string text) => new([.. text.Take(200).Select(letter => letter is >= ' ' and <= '~' ? letter : '?')]);

    private static KeyMeldException Corrupt(long epoch, string what) =>
        new(ErrorCodes.SealedKeyCorrupt, $"The sealed key of epoch {epoch} {what}; restore the row from a backup.");
}
