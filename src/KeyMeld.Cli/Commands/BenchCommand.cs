using System.CommandLine;
using KeyMeld.Cli.Bench;
using KeyMeld.Cli.Output;
using KeyMeld.Cli.Scenes;
using KeyMeld.DevKit.Stack;

namespace KeyMeld.Cli.Commands;

/// <summary><c>keymeld bench</c>: what this machine does, beside what libsecp256k1 alone would.</summary>
internal static class BenchCommand
{
    private static readonly Option<string> Data = new("--data") { Description = "Folder for the benchmark; emptied first.", DefaultValueFactory = _ => Path.Combine("data", "bench") };
    private static readonly Option<string> Storage = StorageOption.Create();
    private static readonly Option<bool> Quick = new("--quick") { Description = "Fewer rounds and smaller batches: whether it works, not how fast." };
    private static readonly Option<string[]> Only = new("--only") { Description = $"Only these scenarios: {string.Join(", ", Scenario.All.Select(scenario => scenario.Name))}. Repeat it." };

    public static Command Create()
    {
        Only.AcceptOnlyFromAmong([.. Scenario.All.Select(scenario => scenario.Name)]);
        var command = new Command("bench", "Measure keygen and signing over real processes, and the libsecp256k1 floor in the same run.");
        foreach (var option in (Option[])[Data, Storage, Quick, Only])
        {
            command.Options.Add(option);
        }
        return command.Runs(RunAsync);
    }

    private static async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var folder = Path.GetFullPath(parsed.GetValue(Data)!);
        StackFolder.Empty(folder);
        var options = new StackOptions { DataDirectory = folder, Port = FreePort.Next(), KmsPort = FreePort.Next() }.WithStorage(parsed.GetValue(Storage)!);
        await using var stack = await DevelopmentStack.StartAsync(options, step => Report.Say($"  {step}"), cancellationToken);
        await Scene.ReadyAsync(stack, cancellationToken);
        var stage = new BenchStage(stack, options, parsed.GetValue(Quick), step => Report.Say($"  {step}"));
        foreach (var scenario in Scenario.All.Where(scenario => parsed.GetValue(Only) is not { Length: > 0 } only || only.Contains(scenario.Name)))
        {
            Report.Say($"  {scenario.Name}");
            await scenario.RunAsync(stage, cancellationToken);
        }
        Report.Table("measured", ["what", "figure", "beside"], stage.Rows.Select(row => (IReadOnlyList<string?>)[row.What, row.Figure, row.Beside]));
        return 0;
    }
}
