using System.Collections.Immutable;
using Google.Protobuf;
using KeyMeld.Wire.V1;
using Microsoft.Data.Sqlite;

namespace KeyMeld.Gateway.Storage.Sqlite;

internal sealed class SqliteSealedKeyStore(SqliteDatabase database) : ISealedKeyStore
{
    private const string Columns = "enclave_id, kms_encrypted_dek, encrypted_private_key, public_key, kms_key_id, key_epoch";
    private const string Newest = "enclave_master_keys";
    private const string Retired = "enclave_retired_keys";

    public ValueTask<SealedKeys> ReadAsync(uint enclaveId) => database.ReadSnapshotAsync(session => Read(session, enclaveId));

    public Task<bool> AddFirstAsync(SealedKeyRow row) => database.WriteAsync(session =>
    {
        var standing = Read(session, row.EnclaveId);
        if (standing.EverHadOne)
        {
            return standing.Rows is [var only] && only.Equals(row);
        }
        Insert(session, Newest, row);
        return true;
    });

    public Task<bool> AddNextAsync(SealedKeyRow newest, SealedKeyRow next)
    {
        if (next.EnclaveId != newest.EnclaveId || next.KeyEpoch != newest.KeyEpoch + 1)
        {
            throw new ArgumentException("The next key is one of the same enclave and of the epoch after.", nameof(next));
        }
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
            Insert(session, Retired, newest);
            Require(1, session.Execute($"DELETE FROM {Newest} WHERE enclave_id = $enclave AND key_epoch = $epoch AND public_key = $public",
                ("$enclave", (long)newest.EnclaveId), ("$epoch", (long)newest.KeyEpoch), ("$public", newest.PublicKey.ToByteArray())));
            Insert(session, Newest, next);
            return true;
        });
    }

    public Task<bool> ReplaceAsync(ImmutableArray<SealedKeyRow> standing, ImmutableArray<SealedKeyRow> rewrapped)
    {
        if (standing.IsEmpty || !standing.Select(Identity).SequenceEqual(rewrapped.Select(Identity)))
        {
            throw new ArgumentException("Only the ciphertexts of the same keys can take a row's place.", nameof(rewrapped));
        }
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
                Replace(session, index == standing.Length - 1 ? Newest : Retired, standing[index], rewrapped[index]);
            }
            return true;
        });
    }

    private static (uint Enclave, uint Epoch, ByteString Key) Identity(SealedKeyRow row) => (row.EnclaveId, row.KeyEpoch, row.PublicKey);

    private static SealedKeys Read(SqliteSession session, uint enclaveId)
    {
        var rows = session.All($"SELECT {Columns} FROM {Retired} WHERE enclave_id = $enclave ORDER BY key_epoch", ReadRow, ("$enclave", (long)enclaveId));
        rows.AddRange(session.All($"SELECT {Columns} FROM {Newest} WHERE enclave_id = $enclave", ReadRow, ("$enclave", (long)enclaveId)));
        var remembered = session.Exists("SELECT 1 FROM enclave_key_history WHERE enclave_id = $enclave", ("$enclave", (long)enclaveId));
        return new SealedKeys([.. rows], remembered || rows.Count > 0);
    }

    // Plain INSERT: should a row be there after all, this fails and nothing is overwritten.
    private static void Insert(SqliteSession session, string table, SealedKeyRow row) =>
        session.Execute($"INSERT INTO {table} ({Columns}) VALUES ($enclave, $dek, $private, $public, $kms, $epoch)",
            ("$enclave", (long)row.EnclaveId), ("$dek", row.KmsEncryptedDek.ToByteArray()), ("$private", row.EncryptedPrivateKey.ToByteArray()),
            ("$public", row.PublicKey.ToByteArray()), ("$kms", row.KmsKeyId), ("$epoch", (long)row.KeyEpoch));

    // Compare and set: the very bytes that were opened are the ones that go.
    private static void Replace(SqliteSession session, string table, SealedKeyRow old, SealedKeyRow row) => Require(1, session.Execute($"""
        UPDATE {table} SET kms_encrypted_dek = $dek, encrypted_private_key = $private, kms_key_id = $kms
        WHERE enclave_id = $enclave AND key_epoch = $epoch AND public_key = $public
          AND kms_encrypted_dek = $oldDek AND encrypted_private_key = $oldPrivate AND kms_key_id = $oldKms
        """,
        ("$dek", row.KmsEncryptedDek.ToByteArray()), ("$private", row.EncryptedPrivateKey.ToByteArray()), ("$kms", row.KmsKeyId),
        ("$enclave", (long)old.EnclaveId), ("$epoch", (long)old.KeyEpoch), ("$public", old.PublicKey.ToByteArray()),
        ("$oldDek", old.KmsEncryptedDek.ToByteArray()), ("$oldPrivate", old.EncryptedPrivateKey.ToByteArray()), ("$oldKms", old.KmsKeyId)));

    private static void Require(int expected, int changed)
    {
        if (changed != expected)
        {
            throw new UnreadableRowException($"{changed} rows changed in place of {expected}; nothing was written.");
        }
    }

    private static SealedKeyRow ReadRow(SqliteDataReader row) => new()
    {
        EnclaveId = row.Number(0),
        KmsEncryptedDek = UnsafeByteOperations.UnsafeWrap(row.Blob(1)),
        EncryptedPrivateKey = UnsafeByteOperations.UnsafeWrap(row.Blob(2)),
        PublicKey = UnsafeByteOperations.UnsafeWrap(row.Blob(3)),
        KmsKeyId = row.Text(4),
        KeyEpoch = row.Number(5),
    };
}
