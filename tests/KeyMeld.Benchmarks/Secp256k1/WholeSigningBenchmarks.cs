using BenchmarkDotNet.Attributes;
using KeyMeld.Secp256k1;

namespace KeyMeld.Benchmarks.Secp256k1;

/// <summary>Nonces, sessions, shares, aggregation and verification of the result, per signature, all signers in one process.</summary>
public class WholeSigningBenchmarks
{
    private const int Batch = 1000;
    private Group _group = null!;

    [Params(2, 3, 5)]
    public int Signers { get; set; }

    [GlobalSetup]
    public void Setup() => _group = new Group(Signers);

    [Benchmark(Baseline = true)]
    public SchnorrSignature OneThread() => _group.Sign();

    [Benchmark(OperationsPerInvoke = Batch)]
    public void AllCores() => Parallel.For(0, Batch, _ => _group.Sign());
}
