using KeyMeld.Gateway.Configuration;
using KeyMeld.Gateway.Storage.Postgres;
using KeyMeld.Gateway.Storage.Sqlite;
using KeyMeld.Protocol.Errors;

namespace KeyMeld.Gateway.Storage;

/// <summary>The stores of one database, which ends with them.</summary>
/// <param name="Server">The database where it is a server's, for who wants to hear from other gateways; null where it is a file.</param>
/// <param name="Rounds">What gateways tell each other of rounds; null where there is one gateway.</param>
internal sealed record Stores(
    IGroupStore Groups, ISigningStore Signings, ISealedKeyStore SealedKeys, IKeyStore Keys, IReplayStore Replay, IOverviewStore Overview, IAsyncDisposable Database, PostgresDatabase? Server = null,
    IRoundStore? Rounds = null) : IAsyncDisposable
{
    /// <summary>Opens the database and brings it to the newest migration.</summary>
    /// <exception cref="KeyMeldException">storage_failed: it cannot be used, or a newer program migrated it.</exception>
    public static Stores Open(StorageSettings settings, TimeProvider time) => settings switch
    {
        StorageSettings.Sqlite file => Of(SqliteDatabase.Open(file.Path, time), time),
        // Once, before anything is served: nobody waits for this thread.
        StorageSettings.Postgres server => Of(PostgresConnection.OpenAsync(server, time).GetAwaiter().GetResult(), time),
        _ => throw new ArgumentOutOfRangeException(nameof(settings)),
    };

    public static Stores Of(SqliteDatabase database, TimeProvider time) => new(
        new SqliteGroupStore(database), new SqliteSigningStore(database), new SqliteSealedKeyStore(database), new SqliteKeyStore(database), new SqliteReplayStore(database, time),
        new SqliteOverviewStore(database), database);

    public static Stores Of(PostgresDatabase database, TimeProvider time) => new(
        new PostgresGroupStore(database), new PostgresSigningStore(database), new PostgresSealedKeyStore(database), new PostgresKeyStore(database), new PostgresReplayStore(database, time),
        new PostgresOverviewStore(database), database, database, new PostgresRoundStore(database));

    public ValueTask DisposeAsync() => Database.DisposeAsync();
}
