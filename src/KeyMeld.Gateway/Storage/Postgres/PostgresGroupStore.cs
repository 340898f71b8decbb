using System.Collections.Immutable;
using KeyMeld.Protocol.Ids;

namespace KeyMeld.Gateway.Storage.Postgres;

internal sealed class PostgresGroupStore(PostgresDatabase database) : IGroupStore
{
    public Task<bool> AddAsync(NewGroup group) => database.WriteAsync(async session =>
    {
        var added = await session.ExecuteAsync("""
            INSERT INTO groups (manifest_hash, state, created_ms, join_by_ms, manifest, manifest_signature, terms)
            VALUES ($1, 'joining', $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING
            """,
            group.Hash, group.Created, group.JoinBy, group.Manifest.Statement, group.Manifest.Signatures, group.Terms);
        if (added == 0)
        {
            return false;
        }
        for (var enclave = 0; enclave < group.SessionSecrets.Length; enclave++)
        {
            session.Queue("INSERT INTO group_session_secrets (manifest_hash, enclave, sealed) VALUES ($1, $2, $3)", group.Hash, enclave, group.SessionSecrets[enclave]);
        }
        foreach (var reader in group.Readers)
        {
            AddReader(session, group.Hash, reader.Span);
        }
        return true;
    });

    public ValueTask<GroupRecord?> FindAsync(Hash32 group) => database.ReadSnapshotAsync(async session =>
    {
        var record = await session.FirstAsync($"SELECT {GroupRows.GroupColumns} FROM groups WHERE manifest_hash = $1", row => GroupRows.ReadGroup(row, group), group);
        return record is null ? null : record with
        {
            SessionSecrets = [.. await session.AllAsync("SELECT sealed FROM group_session_secrets WHERE manifest_hash = $1 ORDER BY enclave", row => row.Blob(0), group)],
            Registrations =
            [
                .. await session.AllAsync($"SELECT {GroupRows.RegistrationColumns} FROM registrations WHERE manifest_hash = $1 ORDER BY participant", GroupRows.ReadRegistration, group),
            ],
            Receipts = [.. await session.AllAsync("SELECT enclave, signature FROM receipts WHERE manifest_hash = $1 ORDER BY enclave", GroupRows.ReadReceipt, group)],
        };
    });

    public ValueTask<Hash32?> FindByRosterAsync(Hash32 roster) => database.ReadAsync(async session =>
        await session.AllAsync("SELECT manifest_hash FROM groups WHERE roster_hash = $1", row => row.Hash(0), roster) is [var hash] ? hash : (Hash32?)null);

    public ValueTask<bool> HasReaderAsync(Hash32 group, ReadOnlySpan<byte> key)
    {
        var reader = GroupRows.ReaderOf(group, key);
        return database.ReadAsync(session => session.ExistsAsync("SELECT 1 FROM group_readers WHERE reader = $1", reader));
    }

    public Task<bool> AddRegistrationAsync(Hash32 group, int accepted, StoredRegistration registration, ReadOnlyMemory<byte> readerKey, bool completes = false) => database.WriteAsync(async session =>
    {
        Lock(session, group);
        var added = await session.ExecuteAsync("""
            INSERT INTO registrations (manifest_hash, participant, statement_hash, statement, signatures, envelope)
            SELECT $1, $2, $3, $4, $5, $6
            WHERE EXISTS (SELECT 1 FROM groups WHERE manifest_hash = $1 AND state = 'joining')
              AND (SELECT count(*) FROM registrations WHERE manifest_hash = $1) = $7
            ON CONFLICT DO NOTHING
            """,
            group, registration.Participant, registration.StatementHash, registration.Statement?.Statement, registration.Statement?.Signatures, registration.Envelope, accepted);
        if (added == 1)
        {
            AddReader(session, group, readerKey.Span);
        }
        if (added == 1 && completes)
        {
            session.Queue($"UPDATE groups SET completed_ms = {PostgresSession.Now} WHERE manifest_hash = $1", group);
        }
        return added == 1;
    });

    public Task<bool> FormAsync(Hash32 group, Hash32 roster, ImmutableArray<StoredReceipt> receipts) => database.WriteAsync(async session =>
    {
        var formed = await session.ExecuteAsync("UPDATE groups SET state = 'formed', roster_hash = $2 WHERE manifest_hash = $1 AND state = 'joining'", group, roster);
        foreach (var receipt in formed == 1 ? receipts : [])
        {
            session.Queue("INSERT INTO receipts (manifest_hash, enclave, signature) VALUES ($1, $2, $3)", group, receipt.Enclave, receipt.Signature);
        }
        return formed == 1;
    });

    public Task<bool> CloseAsync(Hash32 group, GroupState state, StoredError? error) => database.WriteAsync(async session => await session.ExecuteAsync(
        $"UPDATE groups SET state = $2, error_code = $3, error_detail = $4, ended_ms = {PostgresSession.Now} WHERE manifest_hash = $1 AND state = 'joining'", group, state.Word(), error?.Code, error?.Detail) == 1);

    public Task<bool> EraseAsync(Hash32 group, Hash32 statement) => database.WriteAsync(async session =>
    {
        var gone = await session.ExecuteAsync("""
            UPDATE groups SET state = 'erased', erase_hash = $2, manifest = NULL, manifest_signature = NULL, terms = NULL
            WHERE manifest_hash = $1 AND state NOT IN ('formed', 'erased')
            """, group, statement);
        if (gone == 0)
        {
            return false;
        }
        session.Queue("DELETE FROM group_session_secrets WHERE manifest_hash = $1", group);
        session.Queue("UPDATE registrations SET statement = NULL, signatures = NULL, envelope = NULL WHERE manifest_hash = $1", group);
        return true;
    });

    public Task<bool> EraseEnvelopeAsync(Hash32 group, int participant) => database.WriteAsync(async session =>
    {
        // Whoever adds a signing waits for this, or this for it: either knows of the other.
        Lock(session, group);
        return await session.ExecuteAsync("""
            UPDATE registrations SET envelope = NULL WHERE manifest_hash = $1 AND participant = $2 AND envelope IS NOT NULL
              AND EXISTS (SELECT 1 FROM groups WHERE manifest_hash = $1 AND state = 'formed')
            """,
            group, participant) == 1;
    });

    public ValueTask<ImmutableArray<Hash32>> AbandonedAsync(long now, TimeSpan after) => database.ReadAsync(async session => (await session.AllAsync($"""
        SELECT manifest_hash FROM groups WHERE state = 'joining' AND completed_ms <= (SELECT {PostgresSession.Now} - $2)
        UNION SELECT manifest_hash FROM groups WHERE state = 'joining' AND join_by_ms < $1
        """, row => row.Hash(0), now, (long)after.TotalMilliseconds)).ToImmutableArray());

    public ValueTask<ImmutableArray<Hash32>> UnfinishedAsync() => database.ReadAsync(async session =>
        (await session.AllAsync("SELECT manifest_hash FROM groups WHERE state = 'joining'", row => row.Hash(0))).ToImmutableArray());

    // One after the other: each sees what the one before committed.
    private static void Lock(PostgresSession session, Hash32 group) => session.Queue("SELECT 1 FROM groups WHERE manifest_hash = $1 FOR NO KEY UPDATE", group);

    private static void AddReader(PostgresSession session, Hash32 group, ReadOnlySpan<byte> key) =>
        session.Queue("INSERT INTO group_readers (reader) VALUES ($1) ON CONFLICT DO NOTHING", GroupRows.ReaderOf(group, key));
}
