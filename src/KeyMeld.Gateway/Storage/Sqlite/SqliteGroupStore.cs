using System.Collections.Immutable;
using KeyMeld.Protocol.Ids;

namespace KeyMeld.Gateway.Storage.Sqlite;

internal sealed class SqliteGroupStore(SqliteDatabase database, TimeProvider time) : IGroupStore
{
    public Task<bool> AddAsync(NewGroup group) => database.WriteAsync(session =>
    {
        var hash = group.Hash.ToArray();
        var added = session.Execute("""
            INSERT INTO groups (manifest_hash, state, created_ms, join_by_ms, manifest, manifest_signature, terms)
            VALUES ($group, 'joining', $created, $joinBy, $manifest, $signature, $terms) ON CONFLICT DO NOTHING
            """,
            ("$group", hash), ("$created", group.Created), ("$joinBy", group.JoinBy),
            ("$manifest", group.Manifest.Statement), ("$signature", group.Manifest.Signatures), ("$terms", group.Terms));
        if (added == 0)
        {
            return false;
        }
        for (var enclave = 0; enclave < group.SessionSecrets.Length; enclave++)
        {
            session.Execute("INSERT INTO group_session_secrets (manifest_hash, enclave, sealed) VALUES ($group, $enclave, $sealed)",
                ("$group", hash), ("$enclave", (long)enclave), ("$sealed", group.SessionSecrets[enclave]));
        }
        foreach (var reader in group.Readers)
        {
            AddReader(session, group.Hash, reader.Span);
        }
        return true;
    });

    public ValueTask<GroupRecord?> FindAsync(Hash32 group) => database.ReadSnapshotAsync(session => SqliteGroupRows.Find(session, group));

    public ValueTask<Hash32?> FindByRosterAsync(Hash32 roster) => database.ReadAsync(session =>
        session.First("SELECT manifest_hash FROM groups WHERE roster_hash = $roster", row => new Found(row.Hash(0)), ("$roster", roster.ToArray()))?.Hash);

    public ValueTask<bool> HasReaderAsync(Hash32 group, ReadOnlySpan<byte> key)
    {
        var reader = GroupRows.ReaderOf(group, key);
        return database.ReadAsync(session => session.Exists("SELECT 1 FROM group_readers WHERE reader = $reader", ("$reader", reader)));
    }

    public Task<bool> AddRegistrationAsync(Hash32 group, int accepted, StoredRegistration registration, ReadOnlyMemory<byte> readerKey, bool completes = false) => database.WriteAsync(session =>
    {
        var added = session.Execute("""
            INSERT INTO registrations (manifest_hash, participant, statement_hash, statement, signatures, envelope)
            SELECT $group, $participant, $hash, $statement, $signatures, $envelope
            WHERE EXISTS (SELECT 1 FROM groups WHERE manifest_hash = $group AND state = 'joining')
              AND (SELECT count(*) FROM registrations WHERE manifest_hash = $group) = $accepted
            ON CONFLICT DO NOTHING
            """,
            ("$group", group.ToArray()), ("$accepted", (long)accepted), ("$participant", (long)registration.Participant), ("$hash", registration.StatementHash.ToArray()),
            ("$statement", registration.Statement?.Statement), ("$signatures", registration.Statement?.Signatures), ("$envelope", registration.Envelope));
        if (added == 1)
        {
            AddReader(session, group, readerKey.Span);
        }
        if (added == 1 && completes)
        {
            session.Execute("UPDATE groups SET completed_ms = $time WHERE manifest_hash = $group", ("$group", group.ToArray()), ("$time", time.GetUtcNow().ToUnixTimeMilliseconds()));
        }
        return added == 1;
    });

    public Task<bool> FormAsync(Hash32 group, Hash32 roster, ImmutableArray<StoredReceipt> receipts) => database.WriteAsync(session =>
    {
        var formed = session.Execute("UPDATE groups SET state = 'formed', roster_hash = $roster WHERE manifest_hash = $group AND state = 'joining'",
            ("$group", group.ToArray()), ("$roster", roster.ToArray()));
        foreach (var receipt in formed == 1 ? receipts : [])
        {
            session.Execute("INSERT INTO receipts (manifest_hash, enclave, signature) VALUES ($group, $enclave, $signature)",
                ("$group", group.ToArray()), ("$enclave", (long)receipt.Enclave), ("$signature", receipt.Signature));
        }
        return formed == 1;
    });

    public Task<bool> CloseAsync(Hash32 group, GroupState state, StoredError? error) => database.WriteAsync(session =>
        session.Execute($"UPDATE groups SET state = $state, error_code = $code, error_detail = $detail, ended_ms = {SqliteSession.Now} WHERE manifest_hash = $group AND state = 'joining'",
            ("$group", group.ToArray()), ("$state", state.Word()), ("$code", error?.Code), ("$detail", error?.Detail)) == 1);

    public async Task<bool> EraseAsync(Hash32 group, Hash32 statement)
    {
        var erased = await database.WriteAsync(session =>
        {
            var hash = ("$group", (object?)group.ToArray());
            var gone = session.Execute("""
                UPDATE groups SET state = 'erased', erase_hash = $statement, manifest = NULL, manifest_signature = NULL, terms = NULL
                WHERE manifest_hash = $group AND state NOT IN ('formed', 'erased')
                """, hash, ("$statement", statement.ToArray()));
            if (gone == 0)
            {
                return false;
            }
            session.Execute("DELETE FROM group_session_secrets WHERE manifest_hash = $group", hash);
            session.Execute("UPDATE registrations SET statement = NULL, signatures = NULL, envelope = NULL WHERE manifest_hash = $group", hash);
            return true;
        });
        await database.CheckpointAsync();
        return erased;
    }

    public async Task<bool> EraseEnvelopeAsync(Hash32 group, int participant)
    {
        var erased = await database.WriteAsync(session => session.Execute("""
            UPDATE registrations SET envelope = NULL WHERE manifest_hash = $group AND participant = $participant AND envelope IS NOT NULL
              AND EXISTS (SELECT 1 FROM groups WHERE manifest_hash = $group AND state = 'formed')
            """,
            ("$group", group.ToArray()), ("$participant", (long)participant)) == 1);
        await database.CheckpointAsync();
        return erased;
    }

    public ValueTask<ImmutableArray<Hash32>> AbandonedAsync(long now, TimeSpan after) => database.ReadAsync(session => session.All("""
        SELECT manifest_hash FROM groups WHERE state = 'joining' AND completed_ms <= $before
        UNION SELECT manifest_hash FROM groups WHERE state = 'joining' AND join_by_ms < $now
        """, row => row.Hash(0), ("$now", now), ("$before", (time.GetUtcNow() - after).ToUnixTimeMilliseconds())).ToImmutableArray());

    public ValueTask<ImmutableArray<Hash32>> UnfinishedAsync() => database.ReadAsync(session =>
        session.All("SELECT manifest_hash FROM groups WHERE state = 'joining'", row => row.Hash(0)).ToImmutableArray());

    private static void AddReader(SqliteSession session, Hash32 group, ReadOnlySpan<byte> key) =>
        session.Execute("INSERT INTO group_readers (reader) VALUES ($reader) ON CONFLICT DO NOTHING", ("$reader", GroupRows.ReaderOf(group, key)));

    private sealed record Found(Hash32 Hash);
}
