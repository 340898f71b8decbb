using System.Data.Common;
using Google.Protobuf;
using KeyMeld.Wire.V1;

namespace KeyMeld.Gateway.Storage;

/// <summary>The row of a sealed identity key (protocol.md section 4), whatever database it is of.</summary>
internal static class SealedKeyRows
{
    public const string Columns = "enclave_id, kms_encrypted_dek, encrypted_private_key, public_key, kms_key_id, key_epoch";
    public const string Newest = "enclave_master_keys";
    public const string Retired = "enclave_retired_keys";

    public static SealedKeyRow Read(DbDataReader row) => new()
    {
        EnclaveId = row.Number(0),
        KmsEncryptedDek = UnsafeByteOperations.UnsafeWrap(row.Blob(1)),
        EncryptedPrivateKey = UnsafeByteOperations.UnsafeWrap(row.Blob(2)),
        PublicKey = UnsafeByteOperations.UnsafeWrap(row.Blob(3)),
        KmsKeyId = row.Text(4),
        KeyEpoch = row.Number(5),
    };

    /// <exception cref="ArgumentException">It is not the key of the same enclave's next epoch.</exception>
    public static void RequireNext(SealedKeyRow newest, SealedKeyRow next)
    {
        if (next.EnclaveId != newest.EnclaveId || next.KeyEpoch != newest.KeyEpoch + 1)
        {
            throw new ArgumentException("The next key is one of the same enclave and of the epoch after.", nameof(next));
        }
    }

    /// <exception cref="ArgumentException">They are not the same keys.</exception>
    public static void RequireSame(IReadOnlyCollection<SealedKeyRow> standing, IReadOnlyCollection<SealedKeyRow> rewrapped)
    {
        if (standing.Count == 0 || !standing.Select(Identity).SequenceEqual(rewrapped.Select(Identity)))
        {
            throw new ArgumentException("Only the ciphertexts of the same keys can take a row's place.", nameof(rewrapped));
        }
    }

    /// <exception cref="UnreadableRowException">Another number of rows changed than there should be.</exception>
    public static void RequireChanged(int expected, int changed)
    {
        if (changed != expected)
        {
            throw new UnreadableRowException($"{changed} rows changed in place of {expected}; nothing was written.");
        }
    }

    private static (uint Enclave, uint Epoch, ByteString Key) Identity(SealedKeyRow row) => (row.EnclaveId, row.KeyEpoch, row.PublicKey);
}
