using System.CommandLine;

namespace KeyMeld.Cli.Commands.Groups;

/// <summary><c>keymeld group …</c></summary>
internal static class GroupCommand
{
    public static Command Create()
    {
        var command = new Command("group", "Form groups and look at them.");
        command.Subcommands.Add(GroupCreateCommand.Create());
        command.Subcommands.Add(GroupInviteCommand.Create());
        command.Subcommands.Add(GroupJoinCommand.Create());
        command.Subcommands.Add(GroupListCommand.Create());
        command.Subcommands.Add(GroupShowCommand.Create());
        command.Subcommands.Add(GroupExportCommand.Create());
        command.Subcommands.Add(GroupRecoverCommand.Create());
        command.Subcommands.Add(GroupEraseCommand.Create());
        command.Subcommands.Add(AdmissionKeyCommand.Create());
        return command;
    }
}
