// What libsecp256k1 itself costs for the same signing, measured in the same run: nothing that sends these messages between three nodes can be faster.
using System.Diagnostics;
using KeyMeld.Secp256k1;

namespace KeyMeld.Cli.Bench;

/// <summary>
/// The libsecp256k1 work of signing 3 of 3: at each of the three nodes a nonce, the two other public nonces parsed, nonces aggregated and processed, a partial signature; once the partial signatures parsed and
/// aggregated and the signature verified. No encoding, no encryption, no transport, no disk.
/// </summary>
internal sealed class Floor : IDisposable
{
    private const int Nodes = 3;
    private readonly SecretKey[] keys;
    private readonly KeyAggregation aggregation;

    public Floor()
    {
        keys = [.. Enumerable.Range(0, Nodes).Select(_ => SecretKey.Generate())];
        aggregation = KeyAggregation.Aggregate(KeyAggregation.Sort([.. keys.Select(key => key.PublicKey)]));
    }

    /// <summary>Time for a batch, on all cores.</summary>
    public TimeSpan Batch(int items)
    {
        SignOne();
        var watch = Stopwatch.StartNew();
        Parallel.For(0, items, _ => SignOne());
        return watch.Elapsed;
    }

    /// <summary>Median time of one signing on one core.</summary>
    public TimeSpan One(int rounds)
    {
        var times = new long[rounds];
        for (var round = 0; round < rounds; round++)
        {
            var begin = Stopwatch.GetTimestamp();
            SignOne();
            times[round] = Stopwatch.GetTimestamp() - begin;
        }
        Array.Sort(times);
        return Stopwatch.GetElapsedTime(0, times[rounds / 2]);
    }

    public void Dispose()
    {
        foreach (var key in keys)
        {
            key.Dispose();
        }
    }

    private void SignOne()
    {
        Span<byte> message = stackalloc byte[32];
        Span<byte> extra = stackalloc byte[32];
        SecureRandom.Fill(message);
        var secret = new SecretNonce[Nodes];
        var nonces = new PublicNonce[Nodes];
        for (var node = 0; node < Nodes; node++)
        {
            secret[node] = SecretNonce.Generate(keys[node], aggregation, message, extra, out nonces[node]);
        }
        var partials = new PartialSignature[Nodes];
        SigningSession? session = null;
        for (var node = 0; node < Nodes; node++)
        {
            var received = new PublicNonce[Nodes];
            for (var other = 0; other < Nodes; other++)
            {
                received[other] = other == node ? nonces[other] : PublicNonce.Parse(nonces[other].Bytes);
            }
            session = SigningSession.Create(AggregateNonce.Aggregate(received), message, aggregation);
            partials[node] = session.Sign(secret[node], keys[node]);
            secret[node].Dispose();
        }
        var signature = session!.Aggregate([.. partials.Select(partial => PartialSignature.Parse(partial.Bytes))]);
        if (!aggregation.OutputKey.Verify(message, signature))
        {
            throw new InvalidOperationException("The floor's own signature does not verify.");
        }
    }
}
