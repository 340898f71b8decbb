using KeyMeld.Secp256k1;

namespace KeyMeld.Tests.Secp256k1;

/// <summary>Signers in one process, for tests of whole sessions.</summary>
internal sealed class SigningGroup : IDisposable
{
    public SigningGroup(int size)
    {
        Keys = [.. Enumerable.Range(0, size).Select(_ => SecretKey.Generate())];
        Aggregation = KeyAggregation.Aggregate(KeyAggregation.Sort([.. Keys.Select(key => key.PublicKey)]));
    }

    public SecretKey[] Keys { get; }

    public KeyAggregation Aggregation { get; set; }

    public static byte[] Fresh32()
    {
        var bytes = new byte[32];
        SecureRandom.Fill(bytes);
        return bytes;
    }

    public SecretNonce Nonce(SecretKey key, byte[] message) => SecretNonce.Generate(key, Aggregation, message, Fresh32(), out _);

    public (SigningSession Session, SecretNonce[] Nonces) Start(byte[] message, PublicKey? adaptor = null)
    {
        var nonces = Keys.Select(key => Nonce(key, message)).ToArray();
        var aggregate = AggregateNonce.Aggregate([.. nonces.Select(nonce => nonce.PublicNonce)]);
        return (SigningSession.Create(adaptor is null ? aggregate : aggregate.WithAdaptor(adaptor), message, Aggregation), nonces);
    }

    public void Dispose()
    {
        foreach (var key in Keys)
            key.Dispose();
    }
}
