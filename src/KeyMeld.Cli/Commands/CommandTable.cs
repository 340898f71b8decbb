using System.CommandLine;

namespace KeyMeld.Cli.Commands;

/// <summary>Every command of <c>keymeld</c>, in the order the help shows.</summary>
internal static class CommandTable
{
    public static IReadOnlyList<Command> All { get; } =
    [
        DemoCommand.Create(),
        UpCommand.Create(),
        DownCommand.Create(),
        StatusCommand.Create(),
    ];
}
