using KeyMeld.Gateway.Storage.Maintenance;
using KeyMeld.Gateway.Storage.Postgres;
using KeyMeld.Gateway.Storage.Sqlite;
using KeyMeld.Protocol.Errors;
using KeyMeld.Tests.Gateway.Support;
using KeyMeld.Tests.Lifecycle;
using KeyMeld.Tests.Support;

namespace KeyMeld.Tests.Gateway.Storage.Maintenance;

/// <summary>Check, backup, restore and copy of what a real gateway stored.</summary>
public sealed class BackupTests(PostgresFixture fixture, FilledFile filled) : IClassFixture<FilledFile>, IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("keymeld-").FullName;
    private readonly string _file = filled.Copy();

    private string Backup => Path.Combine(_folder, "backup.db");

    public void Dispose()
    {
        Directory.Delete(_folder, recursive: true);
        Directory.Delete(Path.GetDirectoryName(_file)!, recursive: true);
    }

    [Fact]
    public async Task A_backup_made_beside_a_running_gateway_restores_into_both_kinds_and_back()
    {
        await using var gateway = await TestGateway.StartAsync();
        await FilledDatabase.FillAsync(gateway);
        await using var source = Sqlite(gateway.Database);
        await BackupFile.MakeAsync(source, Backup, TimeProvider.System, _ => { });
        var digests = await FilledDatabase.DigestsAsync(source);
        Assert.All(digests, table => Assert.True(table.Rows > 0, $"{table.Table} is empty: the test compares nothing there."));
        Assert.Equal(["backup.db"], Directory.GetFiles(_folder).Select(Path.GetFileName));

        await using var postgres = await PostgresAsync();
        await RestoreAsync(postgres);
        Assert.Equal(digests, await FilledDatabase.DigestsAsync(postgres));
        Assert.Empty(await FilledDatabase.ProblemsAsync(postgres));

        var again = Path.Combine(_folder, "again.db");
        await BackupFile.MakeAsync(postgres, again, TimeProvider.System, _ => { });
        await using var sqlite = Sqlite(Path.Combine(_folder, "restored", "keymeld.db"));
        await using var backup = await BackupFile.OpenAsync(again, TimeProvider.System);
        await RowCopy.RunAsync(backup, sqlite, _ => { });
        Assert.Equal(digests, await FilledDatabase.DigestsAsync(sqlite));
        Assert.Empty(await FilledDatabase.ProblemsAsync(sqlite));
    }

    [Fact]
    public async Task Copying_to_the_other_kind_and_back_changes_nothing_and_the_gateway_goes_on_there()
    {
        await using var gateway = await TestGateway.StartAsync();
        await FilledDatabase.FillAsync(gateway);
        var group = await TestGroup.FormAsync(gateway, members: 2);
        await gateway.StopGatewayAsync();
        await using var source = Sqlite(gateway.Database);
        var (server, database) = await fixture.NewDatabaseAsync();
        await using var postgres = new PostgresRowDatabase(PostgresFixture.SettingsOf(server, database), TimeProvider.System);
        await RowCopy.RunAsync(source, postgres, _ => { });
        await using var back = Sqlite(Path.Combine(_folder, "back.db"));
        await RowCopy.RunAsync(postgres, back, _ => { });
        Assert.Equal(await FilledDatabase.DigestsAsync(source), await FilledDatabase.DigestsAsync(back));

        gateway.Storage = PostgresFixture.StorageOf(server, database);
        await gateway.StartGatewayAsync();
        await gateway.WhenReadyAsync();

        Assert.Single(await gateway.Parts.SigningStore.UnfinishedAsync());
        Assert.Equal("completed", (await new TestSigning(group).SignAsync()).State);
        Assert.Empty(await FilledDatabase.ProblemsAsync(postgres));
    }

    [Fact]
    public async Task Only_an_empty_database_is_filled()
    {
        await using var source = Sqlite(_file);
        await BackupFile.MakeAsync(source, Backup, TimeProvider.System, _ => { });
        await using var postgres = await PostgresAsync();
        await RestoreAsync(postgres);
        var before = await FilledDatabase.DigestsAsync(postgres);

        Assert.Equal(ErrorCodes.DataWouldBeLost, (await Assert.ThrowsAsync<KeyMeldException>(() => RestoreAsync(postgres))).Code);
        Assert.Equal(ErrorCodes.DataWouldBeLost, (await Assert.ThrowsAsync<KeyMeldException>(() => BackupFile.MakeAsync(source, Backup, TimeProvider.System, _ => { }))).Code);

        Assert.Equal(before, await FilledDatabase.DigestsAsync(postgres));
    }

    [Fact]
    public async Task A_database_that_a_gateway_uses_is_not_written()
    {
        await using var gateway = await TestGateway.StartAsync();
        await using var source = Sqlite(gateway.Database);
        await BackupFile.MakeAsync(source, Backup, TimeProvider.System, _ => { });
        await Assert.ThrowsAnyAsync<IOException>(() => RestoreAsync(source));
        Assert.Contains("is in use", (await Assert.ThrowsAnyAsync<IOException>(() => source.MigrateAsync(SqliteMigrator.All.Count, dryRun: true))).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("UPDATE replay_nonces SET expires_ms = expires_ms + 1")]
    [InlineData("DELETE FROM receipts WHERE rowid = 1")]
    [InlineData("UPDATE backup_tables SET sha256 = 'other' WHERE name = 'groups'")]
    [InlineData("DELETE FROM backup_tables WHERE name = 'groups'")]
    [InlineData("UPDATE backup_info SET value = 'keymeld-backup-2' WHERE name = 'format'")]
    [InlineData("DROP TABLE backup_info")]
    [InlineData("DROP TABLE approvals")]
    public async Task A_backup_that_was_changed_is_refused_and_nothing_is_restored(string damage)
    {
        await using var source = Sqlite(_file);
        await BackupFile.MakeAsync(source, Backup, TimeProvider.System, _ => { });
        DatabaseFile.Execute(Backup, damage);
        Assert.Equal(ErrorCodes.BackupInvalid, (await Assert.ThrowsAsync<KeyMeldException>(() => BackupFile.OpenAsync(Backup, TimeProvider.System))).Code);
    }

    [Fact]
    public async Task What_is_no_backup_or_only_half_of_one_is_refused()
    {
        await using var source = Sqlite(_file);
        await BackupFile.MakeAsync(source, Backup, TimeProvider.System, _ => { });
        var whole = await File.ReadAllBytesAsync(Backup, TestContext.Current.CancellationToken);
        foreach (var content in (byte[][])[whole[..(whole.Length / 2)], [], "no database at all, but long enough to be looked at as one"u8.ToArray()])
        {
            await File.WriteAllBytesAsync(Backup, content, TestContext.Current.CancellationToken);
            Assert.Equal(ErrorCodes.BackupInvalid, (await Assert.ThrowsAsync<KeyMeldException>(() => BackupFile.OpenAsync(Backup, TimeProvider.System))).Code);
        }
        Assert.Equal(ErrorCodes.BackupInvalid, (await Assert.ThrowsAsync<KeyMeldException>(() => BackupFile.OpenAsync(Backup + ".not", TimeProvider.System))).Code);
    }

    [Fact]
    public async Task A_row_that_cannot_be_read_is_in_no_backup()
    {
        DatabaseFile.Execute(_file, "UPDATE enclave_master_keys SET kms_key_id = x'00' WHERE enclave_id = 7");
        await using var source = Sqlite(_file);
        Assert.Contains("enclave_master_keys 7: column kms_key_id", (await Assert.ThrowsAnyAsync<Exception>(() => BackupFile.MakeAsync(source, Backup, TimeProvider.System, _ => { }))).Message, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(_folder));
    }

    [Fact]
    public async Task What_a_gateway_stored_is_sound()
    {
        await using var source = Sqlite(_file);
        Assert.Empty(await FilledDatabase.ProblemsAsync(source));
    }

    [Theory]
    [InlineData("UPDATE groups SET terms = NULL WHERE state = 'formed'", "groups", "terms is missing")]
    [InlineData("UPDATE groups SET manifest = (SELECT manifest FROM groups WHERE state = 'joining'), manifest_signature = (SELECT manifest_signature FROM groups WHERE state = 'joining') WHERE state = 'formed'", "groups", "the manifest has another hash")]
    [InlineData("UPDATE groups SET roster_hash = zeroblob(32) WHERE state = 'formed'", "groups", "the roster is not that of its registrations")]
    [InlineData("DELETE FROM group_session_secrets WHERE enclave = 1", "group_session_secrets", "more or fewer session secrets")]
    [InlineData("UPDATE registrations SET envelope = zeroblob(114) WHERE participant = 0", "registrations", "the envelope is not the one")]
    [InlineData("UPDATE registrations SET statement_hash = zeroblob(32) WHERE participant = 1", "registrations", "the statement has another hash")]
    [InlineData("UPDATE signings SET items = zeroblob(200) WHERE state = 'completed'", "signings", "the items are not those")]
    [InlineData("UPDATE signings SET result = NULL WHERE state = 'completed'", "signings", "completed without a result")]
    [InlineData("UPDATE signings SET expires_ms = 1 WHERE state = 'waiting'", "signings", "another id or time")]
    [InlineData("UPDATE approvals SET decision = 'approve' WHERE decision = 'reject'", "approvals", "the statement says the opposite")]
    [InlineData("UPDATE owned_keys SET sealed = zeroblob(146) WHERE erase_hash IS NULL", "owned_keys", "the envelope is not the one")]
    [InlineData("UPDATE owned_keys SET answer = NULL WHERE erase_hash IS NULL", "owned_keys", "answer is missing")]
    [InlineData("UPDATE owned_keys SET auth = zeroblob(32) WHERE erase_hash IS NULL AND rowid = 1", "owned_keys", "of another owner")]
    [InlineData("DELETE FROM enclave_master_keys WHERE enclave_id = 7", "enclave_master_keys", "its newest is missing")]
    [InlineData("DELETE FROM enclave_retired_keys WHERE enclave_id = 7", "enclave_retired_keys", "this older epoch is missing")]
    [InlineData("UPDATE enclave_master_keys SET encrypted_private_key = 'text' WHERE enclave_id = 7", "enclave_master_keys", "column encrypted_private_key holds String")]
    [InlineData("UPDATE enclave_master_keys SET kms_encrypted_dek = x'' WHERE enclave_id = 7", "enclave_master_keys", "a ciphertext or the KMS key is missing")]
    [InlineData("DELETE FROM enclave_key_history WHERE enclave_id = 7 AND key_epoch = 2", "enclave_master_keys", "the history does not know this key")]
    [InlineData("PRAGMA foreign_keys = OFF; DELETE FROM groups WHERE state = 'formed'", "signings", "rows name a row of groups that is not there")]
    public async Task What_is_broken_is_named(string damage, string table, string what)
    {
        DatabaseFile.Execute(_file, damage);
        await using var source = Sqlite(_file);
        Assert.Contains(await FilledDatabase.ProblemsAsync(source), problem => problem.Table == table && problem.What.Contains(what, StringComparison.Ordinal));
    }

    private static SqliteRowDatabase Sqlite(string file) => new(file, TimeProvider.System);

    private async Task<PostgresRowDatabase> PostgresAsync()
    {
        var (server, database) = await fixture.NewDatabaseAsync();
        return new PostgresRowDatabase(PostgresFixture.SettingsOf(server, database), TimeProvider.System);
    }

    private async Task RestoreAsync(IRowDatabase target)
    {
        await using var backup = await BackupFile.OpenAsync(Backup, TimeProvider.System);
        await RowCopy.RunAsync(backup, target, _ => { });
    }
}
