using KeyMeld.Client;
using KeyMeld.Secp256k1;

namespace KeyMeld.Samples;

/// <summary>Stands in for a block chain: it takes a transaction with a valid signature of the key that owns what it spends, once, and everybody sees it.</summary>
internal sealed class Chain(string name)
{
    private readonly Dictionary<string, SchnorrSignature> published = [];

    public void Publish(byte[] transaction, XOnlyPublicKey owner, SchnorrSignature signature)
    {
        if (!SignatureVerification.VerifyContent(owner, new MemoryStream(transaction), signature) || !published.TryAdd(owner.ToString(), signature))
        {
            throw new InvalidOperationException($"{name} refuses the transaction.");
        }
        Console.WriteLine($"{name}: {System.Text.Encoding.UTF8.GetString(transaction)}");
    }

    /// <summary>The signature of the transaction that spent what this key owned.</summary>
    public SchnorrSignature Look(XOnlyPublicKey owner) => published[owner.ToString()];
}
