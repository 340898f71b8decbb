namespace KeyMeld.Cli.Bench.Scenarios;

/// <summary>What the processes hold after everything before.</summary>
internal static class Memory
{
    public static Task RunAsync(BenchStage stage, CancellationToken cancellationToken)
    {
        foreach (var (name, _, resident) in stage.Stack.Processes())
        {
            stage.Row($"memory of {name}", $"{resident / 1048576.0:0} MiB resident", $"after all of the above");
        }
        return Task.CompletedTask;
    }
}
