using KeyMeld.DevKit.Databases;
using KeyMeld.DevKit.Stack;
using KeyMeld.Gateway.Configuration;
using KeyMeld.Gateway.Storage;
using KeyMeld.Gateway.Storage.Migrations;
using KeyMeld.Gateway.Storage.Postgres;
using KeyMeld.Protocol.Errors;
using KeyMeld.Tests.Support;
using Npgsql;

namespace KeyMeld.Tests.Gateway.Storage;

/// <summary>The contract on a real PostgreSQL server, a database for each test, and what is PostgreSQL's own.</summary>
public sealed class PostgresStoreTests(PostgresFixture fixture) : StoreContract
{
    private string? _database;
    private PostgresServer? _server;

    [Fact]
    public async Task G10_a_deleted_key_row_is_remembered()
    {
        await using var stores = await OpenAsync();
        await stores.SealedKeys.AddFirstAsync(Row(2));
        await SqlAsync("DELETE FROM enclave_master_keys");

        var keys = await stores.SealedKeys.ReadAsync(2);
        Assert.Empty(keys.Rows);
        Assert.True(keys.EverHadOne);
        Assert.False(await stores.SealedKeys.AddFirstAsync(Row(2)));
        Assert.Equal("0", await SqlAsync("SELECT count(*) FROM enclave_master_keys"));
    }

    [Theory]
    [InlineData("ALTER TABLE enclave_master_keys ALTER COLUMN encrypted_private_key TYPE text USING 'text'")]
    [InlineData("ALTER TABLE enclave_master_keys ALTER COLUMN key_epoch DROP NOT NULL; UPDATE enclave_master_keys SET key_epoch = NULL")]
    [InlineData("UPDATE enclave_master_keys SET key_epoch = -1")]
    [InlineData("DROP TABLE enclave_master_keys")]
    [InlineData("DROP TABLE enclave_retired_keys")]
    public async Task G10_rows_that_cannot_be_read_are_an_error_and_never_absent(string damage)
    {
        await using var stores = await OpenAsync();
        await stores.SealedKeys.AddFirstAsync(Row(2));
        await SqlAsync(damage);

        Assert.Equal(ErrorCodes.StorageFailed, (await Assert.ThrowsAsync<KeyMeldException>(async () => await stores.SealedKeys.ReadAsync(2))).Code);
        Assert.Equal(ErrorCodes.StorageFailed, (await Assert.ThrowsAsync<KeyMeldException>(() => stores.SealedKeys.AddFirstAsync(Row(2)))).Code);
    }

    [Theory]
    [InlineData("UPDATE enclave_master_keys SET public_key = '\\x00'")]
    [InlineData("UPDATE enclave_master_keys SET enclave_id = 7")]
    [InlineData("UPDATE enclave_retired_keys SET public_key = '\\x00'")]
    [InlineData("UPDATE enclave_retired_keys SET enclave_id = 7")]
    [InlineData("DELETE FROM enclave_master_keys; INSERT INTO enclave_master_keys VALUES (2, '\\x00', '\\x00', '\\x00', 'arn', 2)")]
    [InlineData("INSERT INTO enclave_retired_keys VALUES (2, '\\x00', '\\x00', '\\x00', 'arn', 7)")]
    public async Task G10_the_database_itself_refuses_another_key_in_place_of_one_it_had(string sql)
    {
        await using var stores = await OpenAsync();
        var (first, second) = (Row(2), Row(2, 2));
        await stores.SealedKeys.AddFirstAsync(first);
        await stores.SealedKeys.AddNextAsync(first, second);

        await Assert.ThrowsAsync<StackException>(() => SqlAsync(sql));

        Assert.Equal([first, second], (await stores.SealedKeys.ReadAsync(2)).Rows);
    }

    [Fact]
    public async Task G10_two_transactions_at_once_cannot_give_an_epoch_two_keys()
    {
        await using var stores = await OpenAsync();
        await using var source = PostgresConnection.Source(Settings());
        await using var one = await source.OpenConnectionAsync(TestContext.Current.CancellationToken);
        await using var transaction = await one.BeginTransactionAsync(TestContext.Current.CancellationToken);
        await InsertAsync(one, "'\\x01'");
        await using (var delete = new NpgsqlCommand("DELETE FROM enclave_master_keys", one))
        {
            await delete.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        }
        await using var other = await source.OpenConnectionAsync(TestContext.Current.CancellationToken);

        var second = InsertAsync(other, "'\\x02'");
        await transaction.CommitAsync(TestContext.Current.CancellationToken);

        Assert.Contains("never made anew", (await Assert.ThrowsAsync<PostgresException>(() => second)).MessageText, StringComparison.Ordinal);

        static async Task InsertAsync(NpgsqlConnection connection, string key)
        {
            await using var command = new NpgsqlCommand($"INSERT INTO enclave_master_keys VALUES (9, '\\x00', '\\x00', {key}, 'arn', 1)", connection);
            await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        }
    }

    [Theory]
    [InlineData("UPDATE signings SET state = 'unknown'")]
    [InlineData("UPDATE groups SET state = 'unknown'")]
    [InlineData("UPDATE signings SET manifest_hash = '\\x00'")]
    [InlineData("DELETE FROM groups")]
    public async Task The_database_itself_refuses_states_and_references_that_do_not_exist(string sql)
    {
        await using var stores = await OpenAsync();
        await stores.Signings.AddAsync(await NewSigningAsync(stores), null, 10);
        await Assert.ThrowsAsync<StackException>(() => SqlAsync(sql));
    }

    [Theory]
    [InlineData("sealed = NULL")]
    [InlineData("statement = NULL")]
    [InlineData("answer = NULL")]
    [InlineData("erase_hash = '\\x00'")]
    public async Task A_key_row_that_is_damaged_is_an_error_and_never_absent(string damage)
    {
        await using var stores = await OpenAsync();
        var key = Key();
        await stores.Keys.AddAsync(key, 10);
        await SqlAsync($"UPDATE owned_keys SET {damage}");
        Assert.Equal(ErrorCodes.StorageFailed, (await Assert.ThrowsAsync<KeyMeldException>(async () => await stores.Keys.FindAsync(key.Hash))).Code);
    }

    [Fact]
    public async Task The_leases_of_another_gateway_stand_when_one_starts()
    {
        await using var stores = await OpenAsync();
        var signing = await NewSigningAsync(stores);
        var lease = new Lease(Id(), TimeSpan.FromHours(1));
        await stores.Signings.AddAsync(signing, lease, 10);

        await using var other = await stores.BesideAsync();

        Assert.False(await other.Signings.AdoptAsync(signing.Request, 1, lease with { Owner = Id() }));
        await stores.PassAsync(lease.Length);
        Assert.True(await other.Signings.AdoptAsync(signing.Request, 1, lease with { Owner = Id() }));
    }

    [Fact]
    public async Task N01_a_call_that_was_forgotten_is_taken_by_no_gateway_whatever_its_clock_says()
    {
        await using var stores = await OpenAsync();
        var (key, nonce, until) = (Bytes(32), Bytes(16), DateTimeOffset.UtcNow.AddMinutes(2));
        Assert.True(await stores.Replay.TryUseAsync(key, nonce, until));
        // Every 256th call throws away what is over: what is not stays.
        for (var call = 0; call < 256; call++)
        {
            await stores.Replay.TryUseAsync(key, Bytes(16, 1), until);
        }
        Assert.False(await stores.Replay.TryUseAsync(key, nonce, until));

        await SqlAsync("DELETE FROM replay_nonces");
        Assert.False(await stores.Replay.TryUseAsync(key, nonce, DateTimeOffset.UtcNow.AddSeconds(-1)));
        Assert.Equal("0", await SqlAsync("SELECT count(*) FROM replay_nonces"));
    }

    [Fact]
    public async Task Two_gateways_that_start_at_once_migrate_an_empty_database_once()
    {
        await NewDatabaseAsync();
        var all = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => PostgresConnection.OpenAsync(Settings(), TimeProvider.System)));

        Assert.Equal($"{PostgresMigrator.All.Count}", await SqlAsync("SELECT count(*) FROM schema_migrations"));
        foreach (var database in all)
        {
            await database.DisposeAsync();
        }
    }

    [Fact]
    public async Task A_database_of_a_newer_or_another_program_is_refused()
    {
        await (await OpenAsync()).DisposeAsync();
        await SqlAsync("UPDATE schema_migrations SET sha256 = 'other'");
        Assert.Contains("made by another program", (await Assert.ThrowsAsync<KeyMeldException>(() => PostgresConnection.OpenAsync(Settings(), TimeProvider.System))).Message, StringComparison.Ordinal);
        await SqlAsync($"INSERT INTO schema_migrations VALUES ({PostgresMigrator.All.Count + 1}, 'later', '', 0)");
        Assert.Contains("start the newer program, or go back with it first (keymeld db migrate --to", (await Assert.ThrowsAsync<KeyMeldException>(() => PostgresConnection.OpenAsync(Settings(), TimeProvider.System))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_migration_that_fails_leaves_the_database_as_it_was()
    {
        await (await OpenAsync()).DisposeAsync();
        await using var source = PostgresConnection.Source(Settings());
        var bad = new Migration(PostgresMigrator.All.Count + 1, "bad", "CREATE TABLE fine (a bigint); CREATE TABLE groups (a bigint);", "");

        await Assert.ThrowsAsync<PostgresException>(() => PostgresMigrator.RunAsync(source, TimeProvider.System, migrations: [.. PostgresMigrator.All, bad]));

        Assert.Equal($"{PostgresMigrator.All.Count}|f", await SqlAsync("SELECT count(*), to_regclass('fine') IS NOT NULL FROM schema_migrations"));
    }

    [Fact]
    public async Task What_the_server_does_not_take_is_storage_failed_and_nothing_is_kept()
    {
        await using var stores = await OpenAsync();
        await SqlAsync("CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'disk full' USING ERRCODE = 'disk_full'; END $$; CREATE TRIGGER full_disk BEFORE INSERT ON group_readers FOR EACH ROW EXECUTE FUNCTION full_disk()");
        var group = Group();

        var refusal = await Assert.ThrowsAsync<KeyMeldException>(() => stores.Groups.AddAsync(group));

        Assert.Equal(ErrorCodes.StorageFailed, refusal.Code);
        Assert.Null(await stores.Groups.FindAsync(group.Hash));
    }

    [Fact]
    public async Task Connections_that_the_server_ended_are_replaced_unnoticed()
    {
        await using var stores = await OpenAsync();
        var group = await AddGroupAsync(stores);
        await Task.WhenAll(Enumerable.Range(0, 8).Select(async _ => await stores.Groups.FindAsync(group.Hash)));

        await EndConnectionsAsync();
        Assert.NotNull(await stores.Groups.FindAsync(group.Hash));
        await EndConnectionsAsync();
        Assert.True(await stores.Groups.CloseAsync(group.Hash, GroupState.Expired, null));
    }

    private protected override async Task<IStores> OpenAsync()
    {
        await NewDatabaseAsync();
        return await TestStores.OpenAsync(Settings(), PassAsync);
    }

    private Task<string> EndConnectionsAsync() => SqlAsync("SELECT count(pg_terminate_backend(pid, 10000)) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()");

    private async Task NewDatabaseAsync() => (_server, _database) = await fixture.NewDatabaseAsync();

    private StorageSettings.Postgres Settings() => PostgresFixture.SettingsOf(_server!, _database!);

    // Nobody moves a server's clock: what is stored gets older instead.
    private Task PassAsync(TimeSpan time) => SqlAsync(AgedBy(time));

    /// <summary>Makes what a database has of leases older.</summary>
    internal static string AgedBy(TimeSpan time) => FormattableString.Invariant(
        $"UPDATE signings SET lease_until_ms = lease_until_ms - {time.TotalMilliseconds:0} WHERE lease_until_ms IS NOT NULL; UPDATE groups SET completed_ms = completed_ms - {time.TotalMilliseconds:0} WHERE completed_ms IS NOT NULL");

    private Task<string> SqlAsync(string sql) => _server!.RunSqlAsync(_database!, sql, TestContext.Current.CancellationToken);

    private sealed class TestStores(StorageSettings.Postgres settings, Func<TimeSpan, Task> pass, KeyMeld.Gateway.Storage.Stores stores) : IStores
    {
        private KeyMeld.Gateway.Storage.Stores _stores = stores;

        public ISealedKeyStore SealedKeys => _stores.SealedKeys;

        public IGroupStore Groups => _stores.Groups;

        public ISigningStore Signings => _stores.Signings;

        public IKeyStore Keys => _stores.Keys;

        public IReplayStore Replay => _stores.Replay;

        public IOverviewStore Overview => _stores.Overview;

        public static async Task<IStores> OpenAsync(StorageSettings.Postgres settings, Func<TimeSpan, Task> pass) => new TestStores(settings, pass, await ConnectAsync(settings));

        public Task<IStores> BesideAsync() => OpenAsync(settings, pass);

        public Task PassAsync(TimeSpan time) => pass(time);

        public async Task RestartAsync()
        {
            await _stores.DisposeAsync();
            _stores = await ConnectAsync(settings);
        }

        public ValueTask DisposeAsync() => _stores.DisposeAsync();

        private static async Task<KeyMeld.Gateway.Storage.Stores> ConnectAsync(StorageSettings.Postgres settings) =>
            KeyMeld.Gateway.Storage.Stores.Of(await PostgresConnection.OpenAsync(settings, TimeProvider.System), TimeProvider.System);
    }
}
