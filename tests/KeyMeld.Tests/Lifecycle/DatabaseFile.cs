using KeyMeld.Wire.V1;
using Microsoft.Data.Sqlite;

namespace KeyMeld.Tests.Lifecycle;

/// <summary>What somebody with the database file in hand does to it.</summary>
internal static class DatabaseFile
{
    public static void Execute(string file, string sql, params (string Name, object Value)[] parameters)
    {
        using var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = file, Pooling = false }.ToString());
        connection.Open();
        using var command = connection.CreateCommand();
#pragma warning disable CA2100 // constants of the tests
        command.CommandText = sql;
#pragma warning restore CA2100
        foreach (var (name, value) in parameters)
        {
            command.Parameters.AddWithValue(name, value);
        }
        command.ExecuteNonQuery();
    }

    public static void Insert(string file, SealedKeyRow row) => Execute(file,
        "INSERT INTO enclave_master_keys (enclave_id, kms_encrypted_dek, encrypted_private_key, public_key, kms_key_id, key_epoch) VALUES ($enclave, $dek, $private, $public, $kms, $epoch)",
        ("$enclave", (long)row.EnclaveId), ("$dek", row.KmsEncryptedDek.ToByteArray()), ("$private", row.EncryptedPrivateKey.ToByteArray()),
        ("$public", row.PublicKey.ToByteArray()), ("$kms", row.KmsKeyId), ("$epoch", (long)row.KeyEpoch));
}
