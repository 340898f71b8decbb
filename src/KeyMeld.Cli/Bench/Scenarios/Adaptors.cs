using KeyMeld.Client;
using KeyMeld.Secp256k1;

namespace KeyMeld.Cli.Bench.Scenarios;

/// <summary>Batches in which every item asks for a pre-signature: one point for all, as a swap has it, and one point an item, as the outcomes of a contract have.</summary>
internal static class Adaptors
{
    public static async Task RunAsync(BenchStage stage, CancellationToken cancellationToken)
    {
        using var secret = SecretKey.Generate();
        foreach (var members in stage.Quick ? (int[])[2] : [2, 3])
        {
            var group = await stage.GroupAsync(members, cancellationToken);
            using var floor = new Floor(members, Math.Min(members, stage.Enclaves), secret.PublicKey);
            foreach (var items in stage.Quick ? (int[])[1_000] : [1, 100, 1_000, 10_000])
            {
                await BatchMeasure.RunAsync(stage, $"a batch of {items:N0} adaptor items, {members} of {members}", group,
                    () => [.. Enumerable.Range(0, items).Select(_ => stage.Content() with { Adaptor = Adaptor.Of(secret.PublicKey) })], floor.Batch, cancellationToken);
            }
        }
        await OutcomesAsync(stage, cancellationToken);
    }

    private static async Task OutcomesAsync(BenchStage stage, CancellationToken cancellationToken)
    {
        const int Outcomes = 1_000;
        var secrets = Enumerable.Range(0, Outcomes).Select(_ => SecretKey.Generate()).ToArray();
        using var floor = new Floor(3, Math.Min(3, stage.Enclaves), secrets[0].PublicKey);
        await BatchMeasure.RunAsync(stage, $"a contract of {Outcomes:N0} outcomes, a point each, 3 of 3", await stage.GroupAsync(3, cancellationToken),
            () => [.. secrets.Select(secret => stage.Content() with { Adaptor = Adaptor.Of(secret.PublicKey) })], floor.Batch, cancellationToken);
        Array.ForEach(secrets, secret => secret.Dispose());
    }
}
