using System.CommandLine;
using KeyMeld.Cli.Commands;
using KeyMeld.Cli.Output;
using Spectre.Console;

[assembly: System.Runtime.Versioning.UnsupportedOSPlatform("windows")]

// A pipe or a file has no width: wrapped keys and signatures could not be copied or searched.
if (Console.IsOutputRedirected)
{
    AnsiConsole.Profile.Width = 1000;
}
var root = new RootCommand("KeyMeld: signs Bitcoin transactions for groups (MuSig2) with keys that are in the clear only inside attested enclaves.");
foreach (var command in CommandTable.All)
{
    root.Subcommands.Add(command);
}
var parsed = root.Parse(args);
return await Failure.GuardAsync(() => parsed.InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false }));
