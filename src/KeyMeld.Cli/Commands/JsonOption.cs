using System.CommandLine;
using KeyMeld.Cli.Output;

namespace KeyMeld.Cli.Commands;

/// <summary><c>--json</c> on a command, and an action that sets it before anything prints.</summary>
internal static class JsonOption
{
    private static readonly Option<bool> Json = new("--json") { Description = "Print JSON lines instead of tables and sentences." };

    /// <summary>Adds the option and the action.</summary>
    public static Command Runs(this Command command, Func<ParseResult, CancellationToken, Task<int>> action)
    {
        command.Options.Add(Json);
        command.SetAction((parsed, cancellationToken) =>
        {
            Report.Json = parsed.GetValue(Json);
            return action(parsed, cancellationToken);
        });
        return command;
    }
}
