using System.CommandLine;
using System.Globalization;
using KeyMeld.Cli.Load;
using KeyMeld.Cli.Output;
using KeyMeld.Cli.Scenes;
using KeyMeld.Cli.Soak;
using KeyMeld.DevKit.Stack;

namespace KeyMeld.Cli.Commands;

/// <summary><c>keymeld soak</c>: signs for a long time while programs are killed at random, and afterwards while nothing is. Nothing may be lost, and no memory grow.</summary>
internal static class SoakCommand
{
    private static readonly TimeSpan ShortestVerdict = TimeSpan.FromMinutes(5);

    private static readonly Option<string> Data = new("--data") { Description = "Folder for the stack; emptied first.", DefaultValueFactory = _ => Path.Combine("data", "soak") };
    private static readonly Option<string> Storage = StorageOption.Create();
    private static readonly Option<int> Gateways = GatewaysOption.Create();
    private static readonly Option<TimeSpan> Turbulent = LoadCommand.LengthOf("--turbulent", "How long gateway, enclaves, KMS and a PostgreSQL server are killed at random.", TimeSpan.FromMinutes(15));
    private static readonly Option<TimeSpan> Calm = LoadCommand.LengthOf("--calm", "How long nothing is killed afterwards; of 5 minutes and more the memory is judged.", TimeSpan.FromMinutes(15));
    private static readonly Option<int> Rate = StackArguments.Bounded("--rate", "Signings a second.", 20, 1, 1000);
    private static readonly Option<int> Kills = StackArguments.Bounded("--kills", "Seconds between two kills on average.", 6, 1, 3600);
    private static readonly Option<int> AtLeast = StackArguments.Bounded("--at-least", "So many kills at least, however long that takes.", 0, 0, 1000);
    private static readonly Option<int> Groups = StackArguments.Bounded("--groups", "How many groups sign.", 4, 1, 100);
    private static readonly Option<int> Seed = StackArguments.Bounded("--seed", "Of arrivals and kills.", 1, 0, int.MaxValue);

    public static Command Create()
    {
        var command = new Command("soak", "Sign while everything is killed at random. Exit code 0 only if every signing ended in valid signatures or a named failure, and no memory grew.");
        foreach (var option in (Option[])[Data, Storage, Gateways, Turbulent, Calm, Rate, Kills, AtLeast, Groups, Seed])
        {
            command.Options.Add(option);
        }
        return command.Runs(RunAsync);
    }

    private static async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var plan = new SoakPlan(parsed.GetValue(Turbulent), parsed.GetValue(Calm), parsed.GetValue(Rate), parsed.GetValue(Kills), parsed.GetValue(AtLeast), parsed.GetValue(Groups), (ulong)parsed.GetValue(Seed));
        var folder = Path.GetFullPath(parsed.GetValue(Data)!);
        StackFolder.Empty(folder);
        var options = new StackOptions { DataDirectory = folder, Port = FreePort.Next(), KmsPort = FreePort.Next() }.WithStorage(parsed.GetValue(Storage)!).WithGateways(parsed.GetValue(Gateways));
        await using var stack = await DevelopmentStack.StartAsync(options, Say, cancellationToken);
        // Whatever ends by itself is a failure of the soak.
        var crashes = 0;
        stack.Crashed += (name, code) =>
        {
            Interlocked.Increment(ref crashes);
            Say(FormattableString.Invariant($"{name} ended by itself with code {code}"));
        };
        await Scene.ReadyAsync(stack, cancellationToken);
        var party = Party.On(stack, Path.Combine(folder, "profiles"));
        var groups = await LoadStage.FormAsync(party, plan.Groups, cancellationToken);
        using var requester = party.Alice.Open();
        var run = new SoakRun(requester.Client, groups, plan);
        var turbulence = new Turbulence(Casualty.Of(stack, options.Enclaves, options.Gateways), TimeSpan.FromSeconds(plan.Kills), new SeededNumbers(plan.Seed + 1), Say) { AtLeast = plan.AtLeast };
        var memory = new MemoryWatch(stack);

        using var over = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var signing = run.RunAsync(over.Token, cancellationToken);
        Say($"killing for {plan.Turbulent.TotalSeconds:0} s, seed {plan.Seed}");
        using (var settle = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken))
        {
            settle.CancelAfter(plan.Turbulent);
            await turbulence.RunAsync(settle.Token, cancellationToken);
        }
        Say($"killing nothing for {plan.Calm.TotalSeconds:0} s");
        await Scene.ReadyAsync(stack, cancellationToken);
        await memory.RunAsync(plan.Calm, cancellationToken);
        await over.CancelAsync();
        await signing;
        return await JudgeAsync(stack, run, turbulence, plan.Calm >= ShortestVerdict ? memory.Trends() : [], crashes, cancellationToken);
    }

    private static async Task<int> JudgeAsync(
        DevelopmentStack stack, SoakRun run, Turbulence turbulence, IReadOnlyList<MemoryTrend> memory, int crashes, CancellationToken cancellationToken)
    {
        var unfinished = await DatabaseView.CountAsync(stack, "SELECT count(*) FROM signings WHERE state IN ('waiting', 'running')", cancellationToken);
        var unexplained = await DatabaseView.CountAsync(stack, "SELECT count(*) FROM signings WHERE state <> 'completed' AND error_code IS NULL", cancellationToken);
        var signed = run.Ends.GetValueOrDefault("signed");
        var sound = signed > 0 && run.Lost.Count == 0 && unfinished == "0" && unexplained == "0" && crashes == 0 && memory.All(trend => trend.IsFlat);
        Report.Table("signings", ["ended", "how many"], run.Ends.OrderBy(end => end.Key, StringComparer.Ordinal).Select(end => (IReadOnlyList<string?>)[end.Key, Text($"{end.Value}")]));
        Report.Table("kills", ["killed", "times"], turbulence.Kills.Select(kill => (IReadOnlyList<string?>)[kill.Key, Text($"{kill.Value}")]));
        if (memory.Count > 0)
        {
            Report.Table("memory", ["process", "MiB", "MiB a minute", "flat"], memory.Select(trend => (IReadOnlyList<string?>)[trend.Process, Text($"{trend.MiB:0}"), Text($"{trend.SlopePerMinute:+0.00;-0.00;0}"), trend.IsFlat ? "yes" : "NO"]));
        }
        foreach (var lost in run.Lost)
        {
            Report.Warn(lost);
        }
        Report.Facts(
            ("unfinished in the database", unfinished), ("ended without a reason", unexplained), ("ended by themselves", Text($"{crashes}")),
            ("memory", memory.Count > 0 ? Text($"at most {MemoryTrend.Bound:0} MiB a minute more") : "not judged: calm for less than 5 minutes"), ("sound", sound ? "yes" : "NO"));
        return sound ? 0 : 1;
    }

    private static void Say(string sentence) => Report.Say($"  {sentence}");

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
