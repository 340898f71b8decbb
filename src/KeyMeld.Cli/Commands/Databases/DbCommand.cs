using System.CommandLine;
using System.Globalization;

namespace KeyMeld.Cli.Commands.Databases;

/// <summary><c>keymeld db …</c>: an operator's work on the gateway's database, done by the gateway's own program.</summary>
internal static class DbCommand
{
    public static Command Create()
    {
        var command = new Command("db", "Migrate, check, back up, restore and copy the gateway's database.");
        command.Subcommands.Add(Migrate());
        command.Subcommands.Add(Check());
        command.Subcommands.Add(WithFile("backup", "Write one state of the database to a file, while gateways go on using it. It restores into SQLite and PostgreSQL alike."));
        command.Subcommands.Add(WithFile("restore", "Fill an empty database from a backup, after its checksums, and compare every row."));
        command.Subcommands.Add(Copy());
        return command;
    }

    private static Command Migrate()
    {
        var to = new Option<int?>("--to") { Description = "The schema version to end at, newer or older; the newest of this program without it." };
        var lose = new Option<string[]>("--lose") { Description = "On the way back: what may be lost, as the refusal names it. Repeat it." };
        var create = new Option<bool>("--create") { Description = "Make the SQLite file where there is none, or an empty one. Without it a path with nothing there is refused." };
        var dryRun = new Option<bool>("--dry-run") { Description = "Do every step and take it back; say what would be." };
        var command = new Command("migrate", "Bring the schema to another version. A way back that would lose data is refused, unless --lose names what may go; sealed keys, groups, signings and used nonces never may.");
        command.Options.Add(to);
        command.Options.Add(lose);
        command.Options.Add(create);
        command.Options.Add(dryRun);
        return Runs(command, "migrate", parsed =>
        [
            .. parsed.GetValue(to) is { } version ? ["--to", version.ToString(CultureInfo.InvariantCulture)] : Array.Empty<string>(),
            .. (parsed.GetValue(lose) ?? []).SelectMany(name => (string[])["--lose", name]),
            .. parsed.GetValue(create) ? ["--create"] : Array.Empty<string>(),
            .. parsed.GetValue(dryRun) ? ["--dry-run"] : Array.Empty<string>(),
        ]);
    }

    private static Command Check() =>
        Runs(new Command("check", "Read every row: schema, references, sealed keys, and each stored hash against its bytes. Exit code 1 where something is broken."), "check", _ => []);

    private static Command WithFile(string name, string description)
    {
        var file = new Argument<FileInfo>("FILE") { Description = "The backup." };
        var command = new Command(name, description);
        command.Arguments.Add(file);
        return Runs(command, name, parsed => [parsed.GetValue(file)!.FullName]);
    }

    private static Command Copy()
    {
        var target = new Option<FileInfo>("--to-config") { Description = "The configuration of a gateway whose database is empty.", Required = true };
        var command = new Command("copy", "Copy a database into an empty one of either kind, and compare every row.");
        command.Options.Add(target);
        return Runs(command, "copy", parsed => ["--to-config", parsed.GetValue(target)!.FullName]);
    }

    private static Command Runs(Command command, string action, Func<ParseResult, IReadOnlyList<string>> more)
    {
        var config = new Option<FileInfo>("--config") { Description = "The gateway's configuration file.", Required = true };
        command.Options.Add(config);
        return command.Runs((parsed, cancellationToken) => GatewayDb.RunAsync([action, .. more(parsed), "--config", parsed.GetValue(config)!.FullName], cancellationToken));
    }
}
