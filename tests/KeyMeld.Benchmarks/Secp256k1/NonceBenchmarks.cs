using BenchmarkDotNet.Attributes;
using KeyMeld.Secp256k1;

namespace KeyMeld.Benchmarks.Secp256k1;

public class NonceBenchmarks
{
    private readonly Group _group = new(3);
    private PublicNonce[] _nonces = null!;
    private byte[] _bytes = null!;

    [GlobalSetup]
    public void Setup()
    {
        _nonces = [.. _group.Keys.Select((_, i) => _group.Nonce(i).PublicNonce)];
        _bytes = _nonces[0].Bytes.ToArray();
    }

    [Benchmark]
    public void Generate() => _group.Nonce(0).Dispose();

    [Benchmark]
    public PublicNonce Parse() => PublicNonce.Parse(_bytes);

    [Benchmark]
    public AggregateNonce AggregateOfThree() => AggregateNonce.Aggregate(_nonces);

    [Benchmark]
    public SigningSession Process() => SigningSession.Create(AggregateNonce.Aggregate(_nonces), Group.Message, _group.Aggregation);
}
