namespace KeyMeld.Cli.Bench;

/// <summary>One thing that <c>keymeld bench</c> measures. It adds its rows to the stage; every signature that counts was verified by the client.</summary>
/// <param name="Name">What <c>--only</c> calls it.</param>
/// <param name="RunAsync">Measures.</param>
internal sealed record Scenario(string Name, Func<BenchStage, CancellationToken, Task> RunAsync)
{
    /// <summary>All of them, in the order they run. Memory comes last: it is what the others leave.</summary>
    public static IReadOnlyList<Scenario> All { get; } =
    [
        new("keygen", Scenarios.Keygen.RunAsync),
        new("signing", Scenarios.OneSigning.RunAsync),
        new("throughput", Scenarios.Throughput.RunAsync),
        new("batches", Scenarios.Batches.RunAsync),
        new("subsets", Scenarios.Subsets.RunAsync),
        new("adaptors", Scenarios.Adaptors.RunAsync),
        new("keys", Scenarios.OwnedKeys.RunAsync),
        new("stored", Scenarios.Stored.RunAsync),
        new("restart", Scenarios.Restart.RunAsync),
        new("memory", Scenarios.Memory.RunAsync),
    ];
}
