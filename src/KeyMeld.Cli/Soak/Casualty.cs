using KeyMeld.DevKit.Stack;

namespace KeyMeld.Cli.Soak;

/// <summary>A program, or several at once, that a soak kills and starts again.</summary>
/// <param name="Name">What it is called in the log.</param>
/// <param name="KillAsync">SIGKILL, or what a crash is to it.</param>
/// <param name="StartAsync">Starts it with what it left.</param>
internal sealed record Casualty(string Name, Func<Task> KillAsync, Func<CancellationToken, Task> StartAsync)
{
    /// <summary>Everything of a stack that holds something or is waited for.</summary>
    public static IReadOnlyList<Casualty> Of(DevelopmentStack stack, int enclaves, int gateways) =>
    [
        new(gateways == 1 ? "gateway" : "all gateways", stack.KillGatewayAsync, stack.StartGatewayAsync),
        .. gateways == 1 ? [] : Enumerable.Range(0, gateways).Select(number => new Casualty(FormattableString.Invariant($"gateway {number + 1}"), () => stack.KillGatewayAsync(number), cancel => stack.StartGatewayAsync(number, cancel))),
        .. Enumerable.Range(0, enclaves).Select(id => new Casualty(FormattableString.Invariant($"enclave {id}"), () => stack.KillEnclaveAsync(id), cancel => stack.StartEnclaveAsync(id, cancel))),
        new("all enclaves", stack.KillEnclavesAsync, stack.StartEnclavesAsync),
        new("KMS", stack.KillKmsAsync, stack.StartKmsAsync),
        new("gateway and enclaves", stack.KillEverythingAsync, async cancel =>
        {
            await stack.StartEnclavesAsync(cancel);
            await stack.StartGatewayAsync(cancel);
        }),
        .. stack.Database is null ? [] : OfDatabase(stack),
    ];

    // With SQLite the database is part of the gateway, and dies with it.
    private static Casualty[] OfDatabase(DevelopmentStack stack) =>
    [
        new("database", stack.KillDatabaseAsync, stack.StartDatabaseAsync),
        new("database and gateway", () => Task.WhenAll(stack.KillDatabaseAsync(), stack.KillGatewayAsync()), async cancel =>
        {
            await stack.StartDatabaseAsync(cancel);
            await stack.StartGatewayAsync(cancel);
        }),
    ];
}
