using System.Globalization;
using System.Text;
using KeyMeld.Gateway.Storage;
using KeyMeld.Gateway.Storage.Migrations;
using KeyMeld.Gateway.Storage.Sqlite;
using KeyMeld.Protocol.Errors;
using KeyMeld.Tests.Gateway.Support;
using Microsoft.Data.Sqlite;

namespace KeyMeld.Tests.Gateway.Storage;

/// <summary>The contract on real SQLite files, and what is SQLite's own.</summary>
public sealed class SqliteStoreTests : StoreContract, IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("keymeld-").FullName;

    private string File => Path.Combine(_folder, "data", "keymeld.db");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task All_files_belong_to_their_owner_only()
    {
        await using var stores = new Stores(File);
        await stores.SealedKeys.AddFirstAsync(Row(0));

        var files = Directory.GetFiles(Path.GetDirectoryName(File)!);
        Assert.Contains(File + "-wal", files);
        Assert.All(files, file => Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, System.IO.File.GetUnixFileMode(file)));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, System.IO.File.GetUnixFileMode(Path.GetDirectoryName(File)!));
    }

    [Fact]
    public async Task A_second_gateway_does_not_get_the_database()
    {
        await using var stores = new Stores(File);
        var refusal = Assert.Throws<KeyMeldException>(() => new Stores(File));
        Assert.Equal(ErrorCodes.StorageFailed, refusal.Code);
    }

    [Fact]
    public async Task The_sealed_key_tables_have_exactly_the_columns_of_the_protocol()
    {
        await using (new Stores(File))
        {
        }
        const string expected = "enclave_id INTEGER 0,kms_encrypted_dek BLOB 1,encrypted_private_key BLOB 1,public_key BLOB 1,kms_key_id TEXT 1,key_epoch INTEGER 0";
        Assert.Equal(expected, Sql("SELECT group_concat(name || ' ' || type || ' ' || \"notnull\") FROM pragma_table_info('enclave_master_keys')"));
        Assert.Equal("1", Sql("SELECT dflt_value FROM pragma_table_info('enclave_master_keys') WHERE name = 'key_epoch'"));
        Assert.Equal(expected.Split(',').Length.ToString(CultureInfo.InvariantCulture), Sql("SELECT count(*) FROM pragma_table_info('enclave_retired_keys')"));
    }

    [Fact]
    public async Task What_an_operator_is_shown_is_read_from_indexes_without_sorting()
    {
        await using (new Stores(File))
        {
        }
        foreach (var (query, index) in new[] { (SqliteOverviewStore.SigningsQuery, "signings_deadlines"), (SqliteOverviewStore.SigningsCount, "signings_deadlines"), (SqliteOverviewStore.GroupsQuery, "groups_joining") })
        {
            var steps = Explain(query);
            Assert.Contains(index, steps, StringComparison.Ordinal);
            Assert.DoesNotContain("TEMP B-TREE", steps, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task G10_a_deleted_key_row_is_remembered()
    {
        var stores = new Stores(File);
        await stores.SealedKeys.AddFirstAsync(Row(2));
        await stores.DisposeAsync();
        Sql("DELETE FROM enclave_master_keys");

        await using var again = new Stores(File);
        var keys = await again.SealedKeys.ReadAsync(2);
        Assert.Empty(keys.Rows);
        Assert.True(keys.EverHadOne);
        Assert.False(await again.SealedKeys.AddFirstAsync(Row(2)));
        Assert.Equal("0", Sql("SELECT count(*) FROM enclave_master_keys"));
    }

    [Theory]
    [InlineData("UPDATE enclave_master_keys SET encrypted_private_key = 'text'")]
    [InlineData("UPDATE enclave_master_keys SET kms_key_id = x'00'")]
    [InlineData("UPDATE enclave_master_keys SET key_epoch = NULL")]
    [InlineData("UPDATE enclave_master_keys SET key_epoch = -1")]
    [InlineData("DROP TABLE enclave_master_keys")]
    [InlineData("DROP TABLE enclave_retired_keys")]
    public async Task G10_rows_that_cannot_be_read_are_an_error_and_never_absent(string damage)
    {
        var stores = new Stores(File);
        await stores.SealedKeys.AddFirstAsync(Row(2));
        await stores.DisposeAsync();
        Sql(damage);

        await using var again = new Stores(File);
        Assert.Equal(ErrorCodes.StorageFailed, (await Assert.ThrowsAsync<KeyMeldException>(async () => await again.SealedKeys.ReadAsync(2))).Code);
        Assert.Equal(ErrorCodes.StorageFailed, (await Assert.ThrowsAsync<KeyMeldException>(() => again.SealedKeys.AddFirstAsync(Row(2)))).Code);
    }

    [Theory]
    [InlineData("UPDATE enclave_master_keys SET public_key = zeroblob(33)")]
    [InlineData("UPDATE enclave_master_keys SET enclave_id = 7")]
    [InlineData("UPDATE enclave_retired_keys SET public_key = zeroblob(33)")]
    [InlineData("UPDATE enclave_retired_keys SET enclave_id = 7")]
    [InlineData("DELETE FROM enclave_master_keys; INSERT INTO enclave_master_keys VALUES (2, x'00', x'00', zeroblob(33), 'arn', 2)")]
    [InlineData("INSERT INTO enclave_retired_keys VALUES (2, x'00', x'00', zeroblob(33), 'arn', 7)")]
    public async Task G10_the_database_itself_refuses_another_key_in_place_of_one_it_had(string sql)
    {
        var stores = new Stores(File);
        var (first, second) = (Row(2), Row(2, 2));
        await stores.SealedKeys.AddFirstAsync(first);
        await stores.SealedKeys.AddNextAsync(first, second);
        await stores.DisposeAsync();

        Assert.Throws<Microsoft.Data.Sqlite.SqliteException>(() => Sql("BEGIN; " + sql + "; COMMIT"));

        await using var again = new Stores(File);
        Assert.Equal([first, second], (await again.SealedKeys.ReadAsync(2)).Rows);
    }

    [Fact]
    public async Task Erased_ciphertext_is_in_no_file_any_more()
    {
        await using var stores = new Stores(File);
        var canary = Encoding.ASCII.GetBytes("canary-of-a-ciphertext");
        var group = Group() with { Terms = canary, SessionSecrets = [canary] };
        await stores.Groups.AddAsync(group);
        var registration = Registration(0);
        await stores.Groups.AddRegistrationAsync(group.Hash, 0, registration with { Envelope = canary }, new byte[32]);
        Assert.True(IsInAnyFile(canary));

        await stores.Groups.EraseAsync(group.Hash, Hash());

        Assert.False(IsInAnyFile(canary));
        Assert.False(IsInAnyFile(registration.Statement!.Statement));
    }

    [Fact]
    public async Task An_erased_keys_ciphertext_is_in_no_file_any_more()
    {
        await using var stores = new Stores(File);
        var canary = Encoding.ASCII.GetBytes("canary-of-a-sealed-key");
        var key = Key() with { Sealed = canary, Answer = [.. canary, 1] };
        await stores.Keys.AddAsync(key, 10);
        Assert.True(IsInAnyFile(canary));

        await stores.Keys.EraseAsync(key.Hash, Hash());

        Assert.False(IsInAnyFile(canary));
        Assert.False(IsInAnyFile(key.Statement.Statement));
    }

    [Theory]
    [InlineData("sealed = NULL")]
    [InlineData("statement = NULL")]
    [InlineData("answer = NULL")]
    [InlineData("erase_hash = x'00'")]
    public async Task A_key_row_that_is_damaged_is_an_error_and_never_absent(string damage)
    {
        await using var stores = new Stores(File);
        var key = Key();
        await stores.Keys.AddAsync(key, 10);
        Sql($"UPDATE owned_keys SET {damage}");
        Assert.Equal(ErrorCodes.StorageFailed, (await Assert.ThrowsAsync<KeyMeldException>(async () => await stores.Keys.FindAsync(key.Hash))).Code);
    }

    [Fact]
    public async Task A_job_that_fails_takes_back_its_own_changes_only()
    {
        await using var database = SqliteDatabase.Open(File, TimeProvider.System);
        const string insert = "INSERT INTO replay_nonces (key, nonce, expires_ms) VALUES ($key, x'00', 1)";
        var jobs = Enumerable.Range(0, 50).Select(number => database.WriteAsync(session =>
        {
            session.Execute(insert, ("$key", BitConverter.GetBytes(number)));
            return number % 2 == 0 ? number : throw new InvalidOperationException("odd");
        })).ToArray();

        await Task.WhenAll(jobs).ContinueWith(_ => { }, TestContext.Current.CancellationToken, TaskContinuationOptions.None, TaskScheduler.Default);

        Assert.Equal(25, jobs.Count(job => job.IsCompletedSuccessfully));
        Assert.Equal(25, (await database.ReadAsync(session => session.All("SELECT key FROM replay_nonces", row => row.Blob(0)))).Count);
    }

    [Fact]
    public async Task What_the_file_does_not_take_is_storage_failed_and_nothing_is_kept()
    {
        await using var stores = new Stores(File);
        await using (var connection = new SqliteConnection($"Data Source={File};Pooling=False"))
        {
            await connection.OpenAsync(TestContext.Current.CancellationToken);
            await using var command = connection.CreateCommand();
            command.CommandText = "CREATE TRIGGER full BEFORE INSERT ON groups BEGIN SELECT RAISE(FAIL, 'disk full'); END;";
            await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        }
        var group = Group();

        var refusal = await Assert.ThrowsAsync<KeyMeldException>(() => stores.Groups.AddAsync(group));

        Assert.Equal(ErrorCodes.StorageFailed, refusal.Code);
        Assert.Null(await stores.Groups.FindAsync(group.Hash));
    }

    [Fact]
    public async Task A_database_of_a_newer_or_another_program_is_refused()
    {
        await using (new Stores(File))
        {
        }
        Sql("UPDATE schema_migrations SET sha256 = 'other'");
        Assert.Contains("made by another program", Assert.Throws<KeyMeldException>(() => new Stores(File)).Message, StringComparison.Ordinal);
        Sql($"INSERT INTO schema_migrations VALUES ({SqliteMigrator.All.Count + 1}, 'later', '', 0)");
        Assert.Contains("start the newer program, or go back with it first (keymeld db migrate --to", Assert.Throws<KeyMeldException>(() => new Stores(File)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_migration_that_fails_leaves_the_database_as_it_was()
    {
        await using (new Stores(File))
        {
        }
        using (var session = new SqliteSession(OpenRaw()))
        {
            Assert.Throws<SqliteException>(() => SqliteMigrator.Run(session, TimeProvider.System, migrations: [.. SqliteMigrator.All, new Migration(SqliteMigrator.All.Count + 1, "bad", "CREATE TABLE fine (a); CREATE TABLE groups (a);", "")]));
        }
        Assert.Equal($"{SqliteMigrator.All.Count}|0", Sql("SELECT (SELECT count(*) FROM schema_migrations), (SELECT count(*) FROM sqlite_master WHERE name = 'fine')"));
    }

    [Fact]
    public void What_is_not_a_database_is_refused_and_left_alone()
    {
        Directory.CreateDirectory(Path.GetDirectoryName(File)!);
        var garbage = Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat("not a database ", 100)));
        System.IO.File.WriteAllBytes(File, garbage);

        Assert.Equal(ErrorCodes.StorageFailed, Assert.Throws<KeyMeldException>(() => new Stores(File)).Code);
        Assert.Equal(garbage, System.IO.File.ReadAllBytes(File));
    }

    private protected override Task<IStores> OpenAsync() => Task.FromResult<IStores>(new Stores(File));

    private bool IsInAnyFile(byte[] needle) => Directory.GetFiles(Path.GetDirectoryName(File)!, "keymeld.db*").Where(file => !file.EndsWith(".lock", StringComparison.Ordinal)).Any(file =>
    {
        using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        var content = new byte[stream.Length];
        stream.ReadExactly(content);
        return content.AsSpan().IndexOf(needle) >= 0;
    });

    private SqliteConnection OpenRaw()
    {
        var connection = new SqliteConnection($"Data Source={File};Pooling=False");
        connection.Open();
        return connection;
    }

    private string Explain(string query)
    {
        using var connection = OpenRaw();
        using var command = connection.CreateCommand();
        command.CommandText = "EXPLAIN QUERY PLAN " + query.Replace("$state", "'waiting'", StringComparison.Ordinal).Replace("$most", "50", StringComparison.Ordinal).Replace("$limit", "50", StringComparison.Ordinal);
        using var reader = command.ExecuteReader();
        var steps = new List<string>();
        while (reader.Read())
        {
            steps.Add(reader.GetString(3));
        }
        return string.Join('\n', steps);
    }

    private string Sql(string sql)
    {
        using var connection = OpenRaw();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        using var reader = command.ExecuteReader();
        return reader.Read() ? string.Join('|', Enumerable.Range(0, reader.FieldCount).Select(column => Convert.ToString(reader.GetValue(column), CultureInfo.InvariantCulture))) : "";
    }

    private sealed class Stores : IStores
    {
        private readonly string _file;
        private readonly SteppedTime _time = new();
        private KeyMeld.Gateway.Storage.Stores _stores;

        public Stores(string file) => (_file, _stores) = (file, Database(file, _time));

        public ISealedKeyStore SealedKeys => _stores.SealedKeys;

        public IGroupStore Groups => _stores.Groups;

        public ISigningStore Signings => _stores.Signings;

        public IKeyStore Keys => _stores.Keys;

        public IReplayStore Replay => _stores.Replay;

        public IOverviewStore Overview => _stores.Overview;

        // The file is this process's alone.
        public Task<IStores> BesideAsync() => Task.FromResult<IStores>(new Beside(KeyMeld.Gateway.Storage.Stores.Of((SqliteDatabase)_stores.Database, _time), _time));

        public Task PassAsync(TimeSpan time)
        {
            _time.Step(time);
            return Task.CompletedTask;
        }

        public async Task RestartAsync()
        {
            await _stores.DisposeAsync();
            _stores = Database(_file, _time);
        }

        public ValueTask DisposeAsync() => _stores.DisposeAsync();

        private static KeyMeld.Gateway.Storage.Stores Database(string file, TimeProvider time) => KeyMeld.Gateway.Storage.Stores.Of(SqliteDatabase.Open(file, time), time);
    }

    private sealed class Beside(KeyMeld.Gateway.Storage.Stores stores, SteppedTime time) : IStores
    {
        public ISealedKeyStore SealedKeys => stores.SealedKeys;

        public IGroupStore Groups => stores.Groups;

        public ISigningStore Signings => stores.Signings;

        public IKeyStore Keys => stores.Keys;

        public IReplayStore Replay => stores.Replay;

        public IOverviewStore Overview => stores.Overview;

        public Task<IStores> BesideAsync() => throw new NotSupportedException();

        public Task PassAsync(TimeSpan passes)
        {
            time.Step(passes);
            return Task.CompletedTask;
        }

        public Task RestartAsync() => throw new NotSupportedException();

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
