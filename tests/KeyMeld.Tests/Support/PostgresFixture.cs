using KeyMeld.DevKit.Databases;
using KeyMeld.Gateway.Configuration;

namespace KeyMeld.Tests.Support;

/// <summary>
/// One PostgreSQL server for all tests of the assembly, started by the first that wants a database and stopped at the end. Without a server installed a test skips, and fails under CI.
/// </summary>
public sealed class PostgresFixture : IAsyncLifetime
{
    // What these databases hold may be lost with the machine, and the disk is everybody's.
    private static readonly string[] Options = ["fsync=off", "max_connections=300"];

    private readonly SemaphoreSlim _one = new(1);
    private PostgresServer? _server;
    private int _databases;

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    /// <summary>The server, and an empty database of its own on it.</summary>
    public async Task<(PostgresServer Server, string Database)> NewDatabaseAsync()
    {
        var server = await ServerAsync();
        var name = FormattableString.Invariant($"test_{Interlocked.Increment(ref _databases)}");
        await server.CreateDatabaseAsync(name, TestContext.Current.CancellationToken);
        return (server, name);
    }

    /// <summary>A server of one test's own, which it may crash.</summary>
    public static async Task<PostgresServer> NewServerAsync(params string[] options)
    {
        RequireInstalled();
        return await PostgresServer.StartAsync(options, TestContext.Current.CancellationToken);
    }

    /// <summary>What a gateway's settings say of a database of that server.</summary>
    internal static StorageSettings.Postgres SettingsOf(PostgresServer server, string database) =>
        new(server.SocketFolder, server.Port, database, server.User, new PasswordSource(server.PasswordFile, null), Tls: false, RootCertificate: null, Connections: 20);

    /// <summary>The same as the section of a gateway's file.</summary>
    public static string StorageOf(PostgresServer server, string database) =>
        $"{{ kind: postgres, host: \"{server.SocketFolder}\", port: {server.Port}, database: {database}, user: {server.User}, password_file: \"{server.PasswordFile}\" }}";

    public async ValueTask DisposeAsync()
    {
        if (_server is not null)
        {
            await _server.DisposeAsync();
        }
        _one.Dispose();
    }

    private async Task<PostgresServer> ServerAsync()
    {
        RequireInstalled();
        await _one.WaitAsync(TestContext.Current.CancellationToken);
        try
        {
            return _server ??= await PostgresServer.StartAsync(Options, TestContext.Current.CancellationToken);
        }
        finally
        {
            _one.Release();
        }
    }

    /// <summary>Skips, or fails under CI, where there is no server.</summary>
    public static void RequireInstalled()
    {
        if (!PostgresServer.IsInstalled)
        {
            DevKit.Kms.Support.Tool.Missing("postgresql");
        }
    }
}
