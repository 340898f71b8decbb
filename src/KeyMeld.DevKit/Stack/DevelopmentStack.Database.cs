using KeyMeld.DevKit.Databases;

namespace KeyMeld.DevKit.Stack;

/// <summary>The PostgreSQL server of a stack that has one of its own.</summary>
public sealed partial class DevelopmentStack
{
    /// <summary>What its server is called among the programs.</summary>
    public const string DatabaseProgram = "postgres";

    /// <summary>The database that the gateway uses there.</summary>
    public const string DatabaseName = "keymeld";

    private volatile bool databaseIsKilled;

    /// <summary>The server; null where the stack has none of its own.</summary>
    public PostgresServer? Database { get; private set; }

    /// <summary>Ends the server as a power failure would.</summary>
    public Task KillDatabaseAsync()
    {
        databaseIsKilled = true;
        return OwnDatabase.CrashAsync();
    }

    /// <summary>Starts the server again after <see cref="KillDatabaseAsync"/>.</summary>
    public async Task StartDatabaseAsync(CancellationToken cancellationToken)
    {
        await OwnDatabase.StartAgainAsync(cancellationToken);
        databaseIsKilled = false;
        _ = WatchDatabaseAsync(OwnDatabase);
    }

    private PostgresServer OwnDatabase => Database ?? throw new InvalidOperationException("The stack has no PostgreSQL server of its own.");

    private static StackOptions WithOwnDatabase(StackOptions options, StackLayout layout) => !options.OwnPostgres ? options
        : options.GatewayConfiguration is null ? options with { Postgres = PostgresServer.In(layout.Postgres, DatabaseName) }
        : throw new StackException("A configuration file of the gateway says itself where its database is.", "stack");

    private async Task OpenDatabaseAsync(Action<string>? progress, CancellationToken cancellationToken)
    {
        if (!options.OwnPostgres)
        {
            return;
        }
        progress?.Invoke("starting PostgreSQL");
        Database = await PostgresServer.StartInAsync(Layout.Postgres, Layout.Log(DatabaseProgram), cancellationToken);
        await Database.EnsureDatabaseAsync(DatabaseName, cancellationToken);
        _ = WatchDatabaseAsync(Database);
    }

    private async Task WatchDatabaseAsync(PostgresServer server)
    {
        var code = await server.Exit;
        if (!stopping && !databaseIsKilled)
        {
            await SeeAgainAsync(DatabaseProgram, code, () => StartDatabaseAsync(CancellationToken.None));
        }
    }
}
