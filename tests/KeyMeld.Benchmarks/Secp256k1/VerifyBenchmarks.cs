using BenchmarkDotNet.Attributes;
using KeyMeld.Secp256k1;

namespace KeyMeld.Benchmarks.Secp256k1;

public class VerifyBenchmarks
{
    private readonly Group _group = new(3);
    private PublicNonce[] _nonces = null!;
    private PartialSignature[] _partials = null!;
    private SigningSession _session = null!;
    private SchnorrSignature _signature = null!;

    [GlobalSetup]
    public void Setup()
    {
        var nonces = _group.Keys.Select((_, i) => _group.Nonce(i)).ToArray();
        _nonces = [.. nonces.Select(nonce => nonce.PublicNonce)];
        _session = SigningSession.Create(AggregateNonce.Aggregate(_nonces), Group.Message, _group.Aggregation);
        _partials = [.. nonces.Zip(_group.Keys, _session.Sign)];
        _signature = _session.Aggregate(_partials);
    }

    [Benchmark]
    public bool VerifyPartial() => _session.VerifyPartial(_partials[0], _nonces[0], _group.PublicKeys[0]);

    [Benchmark]
    public SchnorrSignature AggregateOfThree() => _session.Aggregate(_partials);

    [Benchmark]
    public bool VerifySignature() => _group.Aggregation.OutputKey.Verify(Group.Message, _signature);

    [Benchmark]
    public SchnorrSignature SignSchnorrAndVerify() => _group.Keys[0].SignSchnorr(Group.Message);
}
