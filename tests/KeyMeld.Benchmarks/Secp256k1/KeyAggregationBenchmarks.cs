using BenchmarkDotNet.Attributes;
using KeyMeld.Secp256k1;

namespace KeyMeld.Benchmarks.Secp256k1;

public class KeyAggregationBenchmarks
{
    private Group _group = null!;

    [Params(2, 3, 10, 100)]
    public int Signers { get; set; }

    [GlobalSetup]
    public void Setup() => _group = new Group(Signers);

    [Benchmark]
    public KeyAggregation Aggregate() => KeyAggregation.Aggregate(_group.PublicKeys);

    [Benchmark]
    public IReadOnlyList<PublicKey> Sort() => KeyAggregation.Sort(_group.PublicKeys);

    [Benchmark]
    public KeyAggregation XOnlyTweak() => _group.Aggregation.WithXOnlyTweak(Group.Tweak);
}
