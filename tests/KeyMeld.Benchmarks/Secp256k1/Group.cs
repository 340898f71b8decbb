using System.Security.Cryptography;
using KeyMeld.Secp256k1;

namespace KeyMeld.Benchmarks.Secp256k1;

/// <summary>Signers in one process.</summary>
internal sealed class Group
{
    public Group(int size)
    {
        Keys = [.. Enumerable.Range(0, size).Select(_ => SecretKey.Generate())];
        PublicKeys = [.. Keys.Select(key => key.PublicKey)];
        Aggregation = KeyAggregation.Aggregate(PublicKeys).WithXOnlyTweak(Tweak);
    }

    public static byte[] Message { get; } = SHA256.HashData("message"u8);

    public static byte[] Tweak { get; } = SHA256.HashData("tweak"u8);

    public SecretKey[] Keys { get; }

    public PublicKey[] PublicKeys { get; }

    public KeyAggregation Aggregation { get; }

    public SecretNonce Nonce(int signer) => SecretNonce.Generate(Keys[signer], Aggregation, Message, Tweak, out _);

    /// <summary>One signature by all signers, as an enclave that hosts all of them makes it: the final signature is verified, not the shares.</summary>
    public SchnorrSignature Sign()
    {
        var nonces = new SecretNonce[Keys.Length];
        var publicNonces = new PublicNonce[Keys.Length];
        for (var i = 0; i < nonces.Length; i++)
            nonces[i] = SecretNonce.Generate(Keys[i], Aggregation, Message, Tweak, out publicNonces[i]);
        var session = SigningSession.Create(AggregateNonce.Aggregate(publicNonces), Message, Aggregation);
        var partials = new PartialSignature[Keys.Length];
        for (var i = 0; i < nonces.Length; i++)
            partials[i] = session.Sign(nonces[i], Keys[i]);
        var signature = session.Aggregate(partials);
        return Aggregation.OutputKey.Verify(Message, signature) ? signature : throw new CryptographicException("The signature does not verify.");
    }
}
