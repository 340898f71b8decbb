using System.CommandLine;
using KeyMeld.DevKit.Stack;
using KeyMeld.Protocol.Errors;

namespace KeyMeld.Cli.Commands;

/// <summary><c>--storage</c>: which database a development stack has.</summary>
internal static class StorageOption
{
    private const string Sqlite = "sqlite";
    private const string Postgres = "postgres";
    private const string Scheme = "postgres://";
    private const int UsualPort = 5432;

    /// <summary>SQLite, or a PostgreSQL server that the stack starts.</summary>
    public static Option<string> Create()
    {
        var option = new Option<string>("--storage")
        {
            Description = "sqlite, or postgres: a PostgreSQL server (Debian's package postgresql) that the stack starts under its data folder, and stops.",
            DefaultValueFactory = _ => Sqlite,
        };
        option.AcceptOnlyFromAmong(Sqlite, Postgres);
        return option;
    }

    /// <summary>Also a database of the user's.</summary>
    public static Option<string> CreateWithAddress() => new("--storage")
    {
        Description = "sqlite; postgres: a PostgreSQL server (Debian's package postgresql) that the stack starts under its data folder, and stops; "
            + "or a database of yours, postgres://USER@HOST:PORT/DATABASE, with ?password_file=FILE and &tls=off where it needs them (a socket's folder as host: %2Frun%2Fpostgresql).",
        DefaultValueFactory = _ => Sqlite,
    };

    /// <exception cref="KeyMeldException"><c>bad_request</c>: it is none of these.</exception>
    public static StackOptions WithStorage(this StackOptions options, string storage) => storage switch
    {
        Sqlite => options,
        Postgres => options with { OwnPostgres = true },
        _ when storage.StartsWith(Scheme, StringComparison.Ordinal) => options with { Postgres = Parse(storage) },
        _ => throw Unclear("--storage takes sqlite, postgres or postgres://USER@HOST:PORT/DATABASE."),
    };

    private static StackDatabase Parse(string text)
    {
        // As libpq writes addresses, but never with a password: command lines are everybody's to read.
        var (address, query) = text[Scheme.Length..].Split('?', 2) is [var before, var after] ? (before, after) : (text[Scheme.Length..], "");
        if (address.Split('/') is not [var authority, { Length: > 0 } database] || authority.Split('@') is not [{ Length: > 0 } user, var place])
        {
            throw Unclear("An address of a database is postgres://USER@HOST:PORT/DATABASE.");
        }
        if (user.Contains(':', StringComparison.Ordinal))
        {
            throw Unclear("A password does not belong on a command line: write it to a file and name that with ?password_file=FILE.");
        }
        var (host, port) = place.Split(':') is [var name, var number] ? (name, int.TryParse(number, out var value) ? value : 0) : (place, UsualPort);
        var found = new StackDatabase(Uri.UnescapeDataString(host), port, Uri.UnescapeDataString(database), Uri.UnescapeDataString(user), null);
        if (found.Host == "" || port is < 1 or > 65_535)
        {
            throw Unclear("An address of a database needs a host, and a port from 1 to 65535 if any.");
        }
        foreach (var setting in query.Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            found = setting.Split('=', 2) switch
            {
                ["password_file", var file] => found with { PasswordFile = Path.GetFullPath(Uri.UnescapeDataString(file)) },
                ["tls", "off"] => found with { Tls = false },
                _ => throw Unclear($"'{setting.Split('=')[0]}' is nothing that an address of a database takes: password_file=FILE and tls=off are."),
            };
        }
        return found;
    }

    private static KeyMeldException Unclear(string text) => new(ErrorCodes.BadRequest, text);
}
