using System.Diagnostics.Metrics;
using KeyMeld.Gateway.Configuration;
using KeyMeld.Gateway.Storage.Postgres;
using KeyMeld.Gateway.Storage.Sqlite;
using KeyMeld.Protocol.Errors;

namespace KeyMeld.Gateway.Storage;

/// <summary>The stores of one database, which ends with them.</summary>
/// <param name="Server">The database where it is a server's, for who wants to hear from other gateways; null where it is a file.</param>
/// <param name="Writes">How the last write ended.</param>
/// <param name="Rounds">What gateways tell each other of rounds; null where there is one gateway.</param>
internal sealed record Stores(
    IGroupStore Groups, ISigningStore Signings, ISealedKeyStore SealedKeys, IKeyStore Keys, IReplayStore Replay, IOverviewStore Overview, IRetirementStore Retirements, IProbeStore Probe, WriteRecord Writes, IAsyncDisposable Database, PostgresDatabase? Server = null,
    IRoundStore? Rounds = null) : IAsyncDisposable
{
    /// <summary>Opens the database and brings it to the newest migration.</summary>
    /// <param name="durations">Where the time of each question is recorded, by store, kind and result.</param>
    /// <exception cref="KeyMeldException">storage_failed: it cannot be used, or a newer program migrated it.</exception>
    public static Stores Open(StorageSettings settings, TimeProvider time, Histogram<double>? durations = null) => settings switch
    {
        StorageSettings.Sqlite file => Of(SqliteDatabase.Open(file.Path, time), time, durations),
        // Once, before anything is served: nobody waits for this thread.
        StorageSettings.Postgres server => Of(PostgresConnection.OpenAsync(server, time).GetAwaiter().GetResult(), time, durations),
        _ => throw new ArgumentOutOfRangeException(nameof(settings)),
    };

    public static Stores Of(SqliteDatabase database, TimeProvider time, Histogram<double>? durations = null)
    {
        var writes = new WriteRecord(time);
        return new Stores(
            new SqliteGroupStore(For("groups"), time), new SqliteSigningStore(For("signings"), time), new SqliteSealedKeyStore(For("sealed_keys")), new SqliteKeyStore(For("keys")),
            new SqliteReplayStore(For("replay"), time), new SqliteOverviewStore(For("overview")), new SqliteRetirementStore(For("retirements")), new SqliteProbeStore(For("probe")), writes, database);

        SqliteDatabase For(string store) => database.Timed(new StoreClock(store, durations, time, writes));
    }

    public static Stores Of(PostgresDatabase database, TimeProvider time, Histogram<double>? durations = null)
    {
        var writes = new WriteRecord(time);
        return new Stores(
            new PostgresGroupStore(For("groups")), new PostgresSigningStore(For("signings")), new PostgresSealedKeyStore(For("sealed_keys")), new PostgresKeyStore(For("keys")),
            new PostgresReplayStore(For("replay")), new PostgresOverviewStore(For("overview")), new PostgresRetirementStore(For("retirements")), new PostgresProbeStore(For("probe")), writes, database, database, new PostgresRoundStore(For("rounds")));

        PostgresDatabase For(string store) => database.Timed(new StoreClock(store, durations, time, writes));
    }

    public ValueTask DisposeAsync() => Database.DisposeAsync();
}
