using System.CommandLine;
using KeyMeld.Cli.Commands;
using KeyMeld.Cli.Output;

[assembly: System.Runtime.Versioning.UnsupportedOSPlatform("windows")]

var root = new RootCommand("KeyMeld: signs Bitcoin transactions for groups (MuSig2) with keys that are in the clear only inside attested enclaves.");
foreach (var command in CommandTable.All)
{
    root.Subcommands.Add(command);
}
var parsed = root.Parse(args);
return await Failure.GuardAsync(() => parsed.InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false }));
