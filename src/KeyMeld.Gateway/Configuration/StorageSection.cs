namespace KeyMeld.Gateway.Configuration;

/// <summary>The <c>storage</c> section: a SQLite file, or a PostgreSQL database.</summary>
internal static class StorageSection
{
    private const int DefaultPort = 5432;
    private const int DefaultConnections = 20;

    private const int DefaultLease = 15;

    public static StorageSettings? Read(SettingsSection section, bool? production)
    {
        var lease = section.Number("lease_seconds", 1, 3_600, DefaultLease) ?? DefaultLease;
        return ReadKind(section, production) is { } settings ? settings with { Lease = TimeSpan.FromSeconds(lease) } : null;
    }

    private static StorageSettings? ReadKind(SettingsSection section, bool? production)
    {
        switch (section.Text("kind"))
        {
            case "sqlite":
                var path = section.Text("path");
                section.Finish();
                return path is null ? null : new StorageSettings.Sqlite(path);
            case "postgres":
                return ReadPostgres(section, production);
            case null:
                return null;
            case var other:
                return section.Fail<StorageSettings>("kind", $"must be sqlite or postgres, not '{other}'");
        }
    }

    private static StorageSettings.Postgres? ReadPostgres(SettingsSection section, bool? production)
    {
        var host = section.Text("host");
        var port = section.Number("port", 1, 65_535, DefaultPort);
        var database = section.Text("database");
        var user = section.Text("user");
        var password = ReadPassword(section);
        var tls = section.OptionalText("tls");
        var root = section.OptionalText("root_certificate");
        var connections = section.Number("connections", 2, 1_000, DefaultConnections);
        section.Finish();
        if (host is null)
        {
            return null;
        }
        var verifies = ReadTls(section, tls, isSocket: host.StartsWith('/'), production);
        if (root is not null && !verifies)
        {
            section.Fail<object>("root_certificate", "is for tls: verify-full only");
        }
        return database is null || user is null || port is null || connections is null ? null
            : new StorageSettings.Postgres(host, port.Value, database, user, password, verifies, root, connections.Value);
    }

    // What goes through a unix socket leaves this machine for nobody; over a network the server has to prove who it is.
    private static bool ReadTls(SettingsSection section, string? tls, bool isSocket, bool? production)
    {
        switch (tls)
        {
            case null:
                return !isSocket;
            case "verify-full" when isSocket:
                return section.Fail<bool>("tls", "has no use on a unix socket");
            case "verify-full":
                return true;
            case "off" when isSocket || production != true:
                return false;
            case "off":
                return section.Fail<bool>("tls", "must be verify-full in production; only a unix socket (host: /FOLDER) goes without");
            default:
                return section.Fail<bool>("tls", $"must be verify-full or off, not '{tls}'");
        }
    }

    private static PasswordSource? ReadPassword(SettingsSection section)
    {
        var file = section.OptionalText("password_file");
        var variable = section.OptionalText("password_variable");
        return (file, variable) switch
        {
            (null, null) => null,
            (not null, not null) => section.Fail<PasswordSource>("password_file", "password_file and password_variable exclude each other"),
            _ => new PasswordSource(file, variable),
        };
    }
}
