using System.CommandLine;

namespace KeyMeld.Cli.Commands.Keys;

/// <summary><c>keymeld key …</c>: keys of one owner.</summary>
internal static class KeyCommand
{
    public static Command Create()
    {
        var command = new Command("key", "Keys of your own, each under one enclave.");
        command.Subcommands.Add(KeyAddCommands.CreateImport());
        command.Subcommands.Add(KeyAddCommands.CreateMake());
        command.Subcommands.Add(KeyAddCommands.CreateResume());
        command.Subcommands.Add(KeyListCommand.Create());
        command.Subcommands.Add(KeyShowCommand.Create());
        command.Subcommands.Add(KeySignCommand.Create());
        command.Subcommands.Add(KeyEraseCommand.Create());
        return command;
    }

    /// <summary>Which key a command is about.</summary>
    public static Argument<string> Name() => new("key") { Description = "Label, or id (at least 8 hex digits)." };
}
