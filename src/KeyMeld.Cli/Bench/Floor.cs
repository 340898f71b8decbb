// What libsecp256k1 itself costs for the same signing, measured in the same run: nothing that sends these messages between nodes can be faster.
using System.Diagnostics;
using KeyMeld.Secp256k1;

namespace KeyMeld.Cli.Bench;

/// <summary>
/// The libsecp256k1 work of one signing of all signers: a nonce each; at each node the public nonces of the other nodes' signers parsed, all aggregated and processed, a partial signature of each signer it
/// hosts; once the partial signatures parsed and aggregated and the signature verified. With an adaptor its point is parsed and folded in at each node, and the pre-signature verified. No encoding, no encryption, no transport, no disk.
/// </summary>
internal sealed class Floor : IDisposable
{
    private readonly int nodes;
    private readonly SecretKey[] keys;
    private readonly KeyAggregation aggregation;
    private readonly PublicKey? point;

    /// <param name="signers">How many sign.</param>
    /// <param name="nodes">On how many nodes they are hosted, in turn.</param>
    /// <param name="point">The adaptor point, for pre-signatures.</param>
    public Floor(int signers, int nodes, PublicKey? point = null)
    {
        (this.nodes, this.point) = (nodes, point);
        keys = [.. Enumerable.Range(0, signers).Select(_ => SecretKey.Generate())];
        aggregation = KeyAggregation.Aggregate(KeyAggregation.Sort([.. keys.Select(key => key.PublicKey)]));
    }

    /// <summary>Time for a batch, on all cores.</summary>
    public TimeSpan Batch(int items)
    {
        // What runs for the first time is compiled then, and the pool's threads start.
        Parallel.For(0, 2 * Environment.ProcessorCount, _ => SignOne());
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
        var secret = new SecretNonce[keys.Length];
        var nonces = new PublicNonce[keys.Length];
        for (var signer = 0; signer < keys.Length; signer++)
        {
            secret[signer] = SecretNonce.Generate(keys[signer], aggregation, message, extra, out nonces[signer]);
        }
        var partials = new PartialSignature[keys.Length];
        SigningSession? session = null;
        for (var node = 0; node < nodes; node++)
        {
            var nonce = AggregateNonce.Aggregate(Received(node, nonces));
            session = SigningSession.Create(point is null ? nonce : nonce.WithAdaptor(PublicKey.Parse(point.Bytes)), message, aggregation);
            for (var signer = node; signer < keys.Length; signer += nodes)
            {
                partials[signer] = session.Sign(secret[signer], keys[signer]);
                secret[signer].Dispose();
            }
        }
        var signature = session!.Aggregate([.. partials.Select(partial => PartialSignature.Parse(partial.Bytes))]);
        if (!(point is null ? aggregation.OutputKey.Verify(message, signature) : PreSignature.Parse(signature.Bytes).Verify(aggregation.OutputKey, message, point)))
        {
            throw new InvalidOperationException("The floor's own signature does not verify.");
        }
    }

    private PublicNonce[] Received(int node, PublicNonce[] nonces)
    {
        var received = new PublicNonce[nonces.Length];
        for (var signer = 0; signer < nonces.Length; signer++)
        {
            received[signer] = signer % nodes == node ? nonces[signer] : PublicNonce.Parse(nonces[signer].Bytes);
        }
        return received;
    }
}
