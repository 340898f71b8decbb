using KeyMeld.DevKit.Databases;
using KeyMeld.Tests.Gateway.Storage;
using KeyMeld.Tests.Gateway.Support;
using KeyMeld.Tests.Support;

namespace KeyMeld.Tests.Gateway.Clusters;

/// <summary>Two real gateways on one real PostgreSQL database, with the same fake enclaves, which report every call that would reuse a nonce.</summary>
internal sealed class Cluster : IAsyncDisposable
{
    /// <summary>How long leases last unless a test says otherwise: so long that none is renewed by itself, nor taken up, while a test runs.</summary>
    public static readonly TimeSpan Lease = TimeSpan.FromHours(1);

    private readonly Func<string, Task> _sql;

    private Cluster(TestGateway a, TestGateway b, Func<string, Task> sql) => (A, B, _sql) = (a, b, sql);

    public TestGateway A { get; }

    public TestGateway B { get; }

    public FakeEnclave[] Enclaves => A.Enclaves;

    /// <param name="fixture">Where the database is.</param>
    /// <param name="timeOfA">The clock of A; the system's without it.</param>
    /// <param name="timeOfB">The clock of B; the system's without it.</param>
    /// <param name="lease">How long leases last.</param>
    /// <param name="isMute">Whether nothing is ever told: their NOTIFY goes to a function that does nothing.</param>
    public static async Task<Cluster> StartAsync(PostgresFixture fixture, TimeProvider? timeOfA = null, TimeProvider? timeOfB = null, TimeSpan? lease = null, bool isMute = false)
    {
        var (server, database) = await fixture.NewDatabaseAsync();
        if (isMute)
        {
            await server.RunSqlAsync(database, $"""
                CREATE SCHEMA mute;
                CREATE FUNCTION mute.pg_notify(text, text) RETURNS void LANGUAGE sql AS '';
                ALTER DATABASE {database} SET search_path = public, mute, pg_catalog
                """, TestContext.Current.CancellationToken);
        }
        var a = await TestGateway.StartAsync(time: timeOfA, storage: Storage(server, database, lease ?? Lease));
        var b = await a.StartAnotherAsync(timeOfB);
        // News is heard from now on: nothing in these tests waits for a second look.
        await Eventually.TrueAsync(() => a.Parts.Bus.IsListening && b.Parts.Bus.IsListening);
        return new Cluster(a, b, sql => server.RunSqlAsync(database, sql, TestContext.Current.CancellationToken));
    }

    /// <summary>The storage section of a gateway with a new database.</summary>
    public static async Task<string> StorageAsync(PostgresFixture fixture)
    {
        var (server, database) = await fixture.NewDatabaseAsync();
        return Storage(server, database, Lease);
    }

    /// <summary>Lets time pass by the clock of the database, which is that of leases.</summary>
    public Task PassAsync(TimeSpan time) => _sql(PostgresStoreTests.AgedBy(time));

    /// <summary>Lets all leases of now end by that clock.</summary>
    public Task PassLeaseAsync() => PassAsync(Lease + TimeSpan.FromSeconds(1));

    private static string Storage(PostgresServer server, string database, TimeSpan lease) => $$"""{ kind: postgres, host: "{{server.SocketFolder}}", port: {{server.Port}}, database: {{database}}, user: {{server.User}}, password_file: "{{server.PasswordFile}}", lease_seconds: {{lease.TotalSeconds}} }""";

    public async ValueTask DisposeAsync()
    {
        await B.DisposeAsync();
        await A.DisposeAsync();
    }
}
