// Connection parameters: npgsql.org/doc/connection-string-parameters.html; run-time settings: postgresql.org/docs, "Client Connection Defaults".
using System.Collections;
using KeyMeld.Gateway.Configuration;
using KeyMeld.Protocol.Errors;
using Npgsql;

namespace KeyMeld.Gateway.Storage.Postgres;

/// <summary>From the settings to a database that can be used.</summary>
internal static class PostgresConnection
{
    private const int OldestServer = 13;

    // A commit that was answered is on disk whatever the server's default; a gateway that hangs holds no locks for long; nobody waits for ever.
    private const string SessionSettings =
        "-c synchronous_commit=on -c default_transaction_isolation=read\\ committed -c lock_timeout=10s -c idle_in_transaction_session_timeout=60s -c client_min_messages=warning";

    /// <summary>Connects and brings the database to the newest migration. What other gateways hold there stays theirs.</summary>
    /// <exception cref="KeyMeldException">storage_failed: the server cannot be reached or does not let in, or a newer program migrated the database.</exception>
    public static async Task<PostgresDatabase> OpenAsync(StorageSettings.Postgres settings, TimeProvider time)
    {
        var source = Source(settings);
        try
        {
            await RequireVersionAsync(source);
            await PostgresMigrator.RunAsync(source, time);
            return new PostgresDatabase(source);
        }
        catch (Exception exception)
        {
            await source.DisposeAsync();
            if (exception is NpgsqlException or TimeoutException or IOException or UnauthorizedAccessException or UnreadableRowException)
            {
                throw Unusable(settings, exception);
            }
            throw;
        }
    }

    /// <summary>Where its connections come from. Nothing is connected yet.</summary>
    public static NpgsqlDataSource Source(StorageSettings.Postgres settings)
    {
        var text = new NpgsqlConnectionStringBuilder
        {
            ApplicationName = "keymeld",
            Host = settings.Host,
            Port = settings.Port,
            Database = settings.Database,
            Username = settings.User,
            SslMode = settings.Tls ? SslMode.VerifyFull : SslMode.Disable,
            RootCertificate = settings.RootCertificate,
            GssEncryptionMode = GssEncryptionMode.Disable,
            PersistSecurityInfo = false,
            IncludeErrorDetail = false,
            Options = SessionSettings,
            Timeout = 10,
            CommandTimeout = 30,
            KeepAlive = 30,
            MaxPoolSize = settings.Connections,
            MaxAutoPrepare = 100,
            AutoPrepareMinUsages = 2,
        };
        var builder = new NpgsqlSlimDataSourceBuilder(text.ToString());
        builder.EnableTransportSecurity();
        if (settings.Password is { } password)
        {
            builder.UsePasswordProvider(_ => Read(password, Environment.GetEnvironmentVariables()), (_, _) => ValueTask.FromResult(Read(password, Environment.GetEnvironmentVariables())));
        }
        return builder.Build();
    }

    public static KeyMeldException Unusable(StorageSettings.Postgres settings, Exception exception) => new(
        ErrorCodes.StorageFailed, $"The database {settings.Database} at {settings.Host} cannot be used: {PostgresFailures.Describe(exception)}", exception);

    // The driver takes it as a string; it is the database's, not a key of anybody.
    private static string Read(PasswordSource source, IDictionary environment)
    {
        if (source.File is { } file)
        {
            try
            {
                return File.ReadAllText(file).TrimEnd('\r', '\n');
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                throw new KeyMeldException(ErrorCodes.StorageFailed, $"storage.password_file cannot be read: {exception.Message}", exception);
            }
        }
        return environment[source.Variable!] as string is { Length: > 0 } password
            ? password
            : throw new KeyMeldException(ErrorCodes.StorageFailed, $"storage.password_variable names {source.Variable}, which is not in the environment.");
    }

    private static async Task RequireVersionAsync(NpgsqlDataSource source)
    {
        await using var connection = await source.OpenConnectionAsync();
        if (connection.PostgreSqlVersion.Major < OldestServer)
        {
            throw new KeyMeldException(ErrorCodes.StorageFailed, $"The server is PostgreSQL {connection.PostgreSqlVersion}; {OldestServer} or newer is needed.");
        }
    }
}
