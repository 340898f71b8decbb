using System.Diagnostics;
using System.Security.Cryptography;
using KeyMeld.Client;
using KeyMeld.Protocol.Statements;
using KeyMeld.Secp256k1;

namespace KeyMeld.Cli.Bench.Scenarios;

/// <summary>Signing with a key of one owner: one call, one signature, verified by the client. Beside it, what libsecp256k1 needs to sign and verify.</summary>
internal static class OwnedKeys
{
    private static readonly (SingleSignAlgorithm Algorithm, SingleTweak Tweak, string Name)[] Ways =
        [(SingleSignAlgorithm.Bip340, new SingleTweak.Bip86(), "BIP-340 after BIP-86"), (SingleSignAlgorithm.Ecdsa, new SingleTweak.None(), "ECDSA")];

    public static Task RunAsync(BenchStage stage, CancellationToken cancellationToken) => stage.FirstAsync(async client =>
    {
        var key = await client.Keys.MakeAsync(cancellationToken: cancellationToken);
        foreach (var way in Ways)
        {
            await MeasureAsync(stage, client, key, way, cancellationToken);
        }
        return 0;
    });

    private static async Task MeasureAsync(BenchStage stage, KeyMeldClient client, OwnedKey key, (SingleSignAlgorithm Algorithm, SingleTweak Tweak, string Name) way, CancellationToken cancellationToken)
    {
        var warmUp = stage.Rounds(50);
        List<TimeSpan> calls = [];
        List<TimeSpan> whole = [];
        for (var round = 0; round < warmUp + stage.Rounds(300); round++)
        {
            var begin = Stopwatch.StartNew();
            using var prepared = await client.Keys.PrepareAsync(key, SHA256.HashData(BitConverter.GetBytes(round)), way.Algorithm, way.Tweak, cancellationToken: cancellationToken);
            var call = Stopwatch.StartNew();
            await client.Keys.SubmitAsync(prepared, cancellationToken: cancellationToken);
            if (round >= warmUp)
            {
                calls.Add(call.Elapsed);
                whole.Add(begin.Elapsed);
            }
        }
        var floor = Floor(way.Algorithm, stage.Rounds(300)).TotalMilliseconds;
        var times = new Percentiles(calls);
        stage.Row($"one signature with a key of one owner, {way.Name}: the HTTP call", $"{times.Text}", $"libsecp256k1 alone, sign and verify: {floor:0.000} ms, ratio {times.At(50) / floor:0.0}");
        stage.Row("the same with the SDK verifying the enclave anew before it", $"{new Percentiles(whole).Text}", $"attestation document made, fetched and verified");
    }

    /// <summary>Median time to sign one digest and to verify the signature, on one core.</summary>
    private static TimeSpan Floor(SingleSignAlgorithm algorithm, int rounds)
    {
        using var key = SecretKey.Generate();
        var times = new long[rounds];
        for (var round = 0; round < rounds; round++)
        {
            var digest = SHA256.HashData(BitConverter.GetBytes(round));
            var begin = Stopwatch.GetTimestamp();
            // Both verify what they signed before they give it out.
            _ = algorithm == SingleSignAlgorithm.Ecdsa ? key.SignEcdsa(digest).Bytes : key.SignSchnorr(digest).Bytes;
            times[round] = Stopwatch.GetTimestamp() - begin;
        }
        Array.Sort(times);
        return Stopwatch.GetElapsedTime(0, times[rounds / 2]);
    }
}
