using BenchmarkDotNet.Attributes;
using KeyMeld.Secp256k1;

namespace KeyMeld.Benchmarks.Secp256k1;

/// <summary>Every signature needs a nonce of its own, made outside the measurement.</summary>
public class PartialSignBenchmarks
{
    private const int Count = 2000;
    private readonly Group _group = new(3);
    private readonly SecretNonce[] _nonces = new SecretNonce[Count];
    private SigningSession _session = null!;

    [GlobalSetup]
    public void Setup() => _session = SigningSession.Create(
        AggregateNonce.Aggregate([.. _group.Keys.Select((_, i) => _group.Nonce(i).PublicNonce)]), Group.Message, _group.Aggregation);

    [IterationSetup]
    public void DrawNonces()
    {
        for (var i = 0; i < Count; i++)
            _nonces[i] = _group.Nonce(0);
    }

    [Benchmark(OperationsPerInvoke = Count)]
    public void Sign()
    {
        foreach (var nonce in _nonces)
            _session.Sign(nonce, _group.Keys[0]);
    }

    [Benchmark(OperationsPerInvoke = Count)]
    public void SignAndVerify()
    {
        foreach (var nonce in _nonces)
            _session.SignAndVerify(nonce, _group.Keys[0]);
    }
}
