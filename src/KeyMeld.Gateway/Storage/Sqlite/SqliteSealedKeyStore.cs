using System.Collections.Immutable;
using KeyMeld.Wire.V1;

namespace KeyMeld.Gateway.Storage.Sqlite;

internal sealed class SqliteSealedKeyStore(SqliteDatabase database) : ISealedKeyStore
{
    public ValueTask<SealedKeys> ReadAsync(uint enclaveId) => database.ReadSnapshotAsync(session => Read(session, enclaveId));

    public Task<bool> AddFirstAsync(SealedKeyRow row) => database.WriteAsync(session =>
    {
        var standing = Read(session, row.EnclaveId);
        if (standing.EverHadOne)
        {
            return standing.Rows is [var only] && only.Equals(row);
        }
        Insert(session, SealedKeyRows.Newest, row);
        return true;
    });

    public Task<bool> AddNextAsync(SealedKeyRow newest, SealedKeyRow next)
    {
        SealedKeyRows.RequireNext(newest, next);
        return database.WriteAsync(session =>
        {
            var standing = Read(session, next.EnclaveId).Rows;
            if (standing is [.., var last] && last.Equals(next))
            {
                return true;
            }
            if (standing is not [.., var found] || !found.Equals(newest))
            {
                return false;
            }
            Insert(session, SealedKeyRows.Retired, newest);
            SealedKeyRows.RequireChanged(1, session.Execute($"DELETE FROM {SealedKeyRows.Newest} WHERE enclave_id = $enclave AND key_epoch = $epoch AND public_key = $public",
                ("$enclave", (long)newest.EnclaveId), ("$epoch", (long)newest.KeyEpoch), ("$public", newest.PublicKey.ToByteArray())));
            Insert(session, SealedKeyRows.Newest, next);
            return true;
        });
    }

    public Task<bool> ReplaceAsync(ImmutableArray<SealedKeyRow> standing, ImmutableArray<SealedKeyRow> rewrapped)
    {
        SealedKeyRows.RequireSame(standing, rewrapped);
        return database.WriteAsync(session =>
        {
            var found = Read(session, standing[0].EnclaveId).Rows;
            if (found.SequenceEqual(rewrapped))
            {
                return true;
            }
            if (!found.SequenceEqual(standing))
            {
                return false;
            }
            for (var index = 0; index < standing.Length; index++)
            {
                Replace(session, index == standing.Length - 1 ? SealedKeyRows.Newest : SealedKeyRows.Retired, standing[index], rewrapped[index]);
            }
            return true;
        });
    }

    private static SealedKeys Read(SqliteSession session, uint enclaveId)
    {
        var rows = session.All($"SELECT {SealedKeyRows.Columns} FROM {SealedKeyRows.Retired} WHERE enclave_id = $enclave ORDER BY key_epoch", SealedKeyRows.Read, ("$enclave", (long)enclaveId));
        rows.AddRange(session.All($"SELECT {SealedKeyRows.Columns} FROM {SealedKeyRows.Newest} WHERE enclave_id = $enclave", SealedKeyRows.Read, ("$enclave", (long)enclaveId)));
        var remembered = session.Exists("SELECT 1 FROM enclave_key_history WHERE enclave_id = $enclave", ("$enclave", (long)enclaveId));
        return new SealedKeys([.. rows], remembered || rows.Count > 0);
    }

    // Plain INSERT: should a row be there after all, this fails and nothing is overwritten.
    private static void Insert(SqliteSession session, string table, SealedKeyRow row) =>
        session.Execute($"INSERT INTO {table} ({SealedKeyRows.Columns}) VALUES ($enclave, $dek, $private, $public, $kms, $epoch)",
            ("$enclave", (long)row.EnclaveId), ("$dek", row.KmsEncryptedDek.ToByteArray()), ("$private", row.EncryptedPrivateKey.ToByteArray()),
            ("$public", row.PublicKey.ToByteArray()), ("$kms", row.KmsKeyId), ("$epoch", (long)row.KeyEpoch));

    // Compare and set: the very bytes that were opened are the ones that go.
    private static void Replace(SqliteSession session, string table, SealedKeyRow old, SealedKeyRow row) => SealedKeyRows.RequireChanged(1, session.Execute($"""
        UPDATE {table} SET kms_encrypted_dek = $dek, encrypted_private_key = $private, kms_key_id = $kms
        WHERE enclave_id = $enclave AND key_epoch = $epoch AND public_key = $public
          AND kms_encrypted_dek = $oldDek AND encrypted_private_key = $oldPrivate AND kms_key_id = $oldKms
        """,
        ("$dek", row.KmsEncryptedDek.ToByteArray()), ("$private", row.EncryptedPrivateKey.ToByteArray()), ("$kms", row.KmsKeyId),
        ("$enclave", (long)old.EnclaveId), ("$epoch", (long)old.KeyEpoch), ("$public", old.PublicKey.ToByteArray()),
        ("$oldDek", old.KmsEncryptedDek.ToByteArray()), ("$oldPrivate", old.EncryptedPrivateKey.ToByteArray()), ("$oldKms", old.KmsKeyId)));
}
