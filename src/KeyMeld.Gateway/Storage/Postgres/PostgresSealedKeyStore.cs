using System.Collections.Immutable;
using KeyMeld.Wire.V1;

namespace KeyMeld.Gateway.Storage.Postgres;

internal sealed class PostgresSealedKeyStore(PostgresDatabase database) : ISealedKeyStore
{
    public ValueTask<SealedKeys> ReadAsync(uint enclaveId) => database.ReadSnapshotAsync(session => ReadAsync(session, enclaveId));

    public Task<bool> AddFirstAsync(SealedKeyRow row) => database.WriteAsync(async session =>
    {
        Lock(session, row.EnclaveId);
        var standing = await ReadAsync(session, row.EnclaveId);
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
        return database.WriteAsync(async session =>
        {
            Lock(session, next.EnclaveId);
            var standing = (await ReadAsync(session, next.EnclaveId)).Rows;
            if (standing is [.., var last] && last.Equals(next))
            {
                return true;
            }
            if (standing is not [.., var found] || !found.Equals(newest))
            {
                return false;
            }
            Insert(session, SealedKeyRows.Retired, newest);
            SealedKeyRows.RequireChanged(1, await session.ExecuteAsync($"DELETE FROM {SealedKeyRows.Newest} WHERE enclave_id = $1 AND key_epoch = $2 AND public_key = $3",
                (long)newest.EnclaveId, (long)newest.KeyEpoch, newest.PublicKey.ToByteArray()));
            Insert(session, SealedKeyRows.Newest, next);
            return true;
        });
    }

    public Task<bool> ReplaceAsync(ImmutableArray<SealedKeyRow> standing, ImmutableArray<SealedKeyRow> rewrapped)
    {
        SealedKeyRows.RequireSame(standing, rewrapped);
        return database.WriteAsync(async session =>
        {
            Lock(session, standing[0].EnclaveId);
            var found = (await ReadAsync(session, standing[0].EnclaveId)).Rows;
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
                await ReplaceAsync(session, index == standing.Length - 1 ? SealedKeyRows.Newest : SealedKeyRows.Retired, standing[index], rewrapped[index]);
            }
            return true;
        });
    }

    private static async Task<SealedKeys> ReadAsync(PostgresSession session, uint enclaveId)
    {
        var rows = await session.AllAsync($"SELECT {SealedKeyRows.Columns} FROM {SealedKeyRows.Retired} WHERE enclave_id = $1 ORDER BY key_epoch", SealedKeyRows.Read, (long)enclaveId);
        rows.AddRange(await session.AllAsync($"SELECT {SealedKeyRows.Columns} FROM {SealedKeyRows.Newest} WHERE enclave_id = $1", SealedKeyRows.Read, (long)enclaveId));
        var remembered = await session.ExistsAsync("SELECT 1 FROM enclave_key_history WHERE enclave_id = $1", (long)enclaveId);
        return new SealedKeys([.. rows], remembered || rows.Count > 0);
    }

    // The lock that the schema's own guards take too: the changes of one enclave's keys come one after the other.
    private static void Lock(PostgresSession session, uint enclaveId) => session.Queue("SELECT lock_enclave_keys($1)", (long)enclaveId);

    // Plain INSERT: should a row be there after all, this fails and nothing is overwritten.
    private static void Insert(PostgresSession session, string table, SealedKeyRow row) =>
        session.Queue($"INSERT INTO {table} ({SealedKeyRows.Columns}) VALUES ($1, $2, $3, $4, $5, $6)",
            (long)row.EnclaveId, row.KmsEncryptedDek.ToByteArray(), row.EncryptedPrivateKey.ToByteArray(), row.PublicKey.ToByteArray(), row.KmsKeyId, (long)row.KeyEpoch);

    // Compare and set: the very bytes that were opened are the ones that go.
    private static async Task ReplaceAsync(PostgresSession session, string table, SealedKeyRow old, SealedKeyRow row) => SealedKeyRows.RequireChanged(1, await session.ExecuteAsync($"""
        UPDATE {table} SET kms_encrypted_dek = $1, encrypted_private_key = $2, kms_key_id = $3
        WHERE enclave_id = $4 AND key_epoch = $5 AND public_key = $6
          AND kms_encrypted_dek = $7 AND encrypted_private_key = $8 AND kms_key_id = $9
        """,
        row.KmsEncryptedDek.ToByteArray(), row.EncryptedPrivateKey.ToByteArray(), row.KmsKeyId,
        (long)old.EnclaveId, (long)old.KeyEpoch, old.PublicKey.ToByteArray(), old.KmsEncryptedDek.ToByteArray(), old.EncryptedPrivateKey.ToByteArray(), old.KmsKeyId));
}
