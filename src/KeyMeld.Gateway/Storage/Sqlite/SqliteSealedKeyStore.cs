using Google.Protobuf;
using KeyMeld.Wire.V1;
using Microsoft.Data.Sqlite;

namespace KeyMeld.Gateway.Storage.Sqlite;

internal sealed class SqliteSealedKeyStore(SqliteDatabase database) : ISealedKeyStore
{
    private const string Columns = "enclave_id, kms_encrypted_dek, encrypted_private_key, public_key, kms_key_id, key_epoch";

    public SealedKeys Read(uint enclaveId) => database.ReadSnapshot(session => Read(session, enclaveId));

    public Task<bool> AddFirstAsync(SealedKeyRow row) => database.WriteAsync(session =>
    {
        var standing = Read(session, row.EnclaveId);
        if (standing.EverHadOne)
        {
            return standing.Rows is [var only] && only.Equals(row);
        }
        // Plain INSERT: should a row be there after all, this fails and nothing is overwritten.
        session.Execute($"INSERT INTO enclave_master_keys ({Columns}) VALUES ($enclave, $dek, $private, $public, $kms, $epoch)",
            ("$enclave", (long)row.EnclaveId), ("$dek", row.KmsEncryptedDek.ToByteArray()), ("$private", row.EncryptedPrivateKey.ToByteArray()),
            ("$public", row.PublicKey.ToByteArray()), ("$kms", row.KmsKeyId), ("$epoch", (long)row.KeyEpoch));
        return true;
    });

    private static SealedKeys Read(SqliteSession session, uint enclaveId)
    {
        var rows = session.All($"SELECT {Columns} FROM enclave_retired_keys WHERE enclave_id = $enclave ORDER BY key_epoch", ReadRow, ("$enclave", (long)enclaveId));
        rows.AddRange(session.All($"SELECT {Columns} FROM enclave_master_keys WHERE enclave_id = $enclave", ReadRow, ("$enclave", (long)enclaveId)));
        var remembered = session.Exists("SELECT 1 FROM enclave_key_history WHERE enclave_id = $enclave", ("$enclave", (long)enclaveId));
        return new SealedKeys([.. rows], remembered || rows.Count > 0);
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
