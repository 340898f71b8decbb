using System.CommandLine;
using KeyMeld.Cli.Bench;
using KeyMeld.Cli.Output;
using KeyMeld.Cli.Scenes;
using KeyMeld.DevKit.Stack;

namespace KeyMeld.Cli.Commands;

/// <summary><c>keymeld bench</c>: what this machine does, beside what libsecp256k1 alone would.</summary>
internal static class BenchCommand
{
    public static Command Create()
    {
        var data = new Option<string>("--data") { Description = "Folder for the benchmark; emptied first.", DefaultValueFactory = _ => Path.Combine("data", "bench") };
        var command = new Command("bench", "Measure keygen and signing over real processes, and the libsecp256k1 floor in the same run.");
        command.Options.Add(data);
        return command.Runs(async (parsed, cancellationToken) =>
        {
            var folder = Path.GetFullPath(parsed.GetValue(data)!);
            StackFolder.Empty(folder);
            var options = new StackOptions { DataDirectory = folder, Port = FreePort.Next(), KmsPort = FreePort.Next() };
            await using var stack = await DevelopmentStack.StartAsync(options, step => Report.Say($"  {step}"), cancellationToken);
            var rows = await new BenchRun(stack, options, cancellationToken).RunAsync(step => Report.Say($"  {step}"));
            Report.Table("measured", ["what", "figure", "beside"], rows.Select(row => (IReadOnlyList<string?>)[row.What, row.Figure, row.Against]));
            return 0;
        });
    }
}
