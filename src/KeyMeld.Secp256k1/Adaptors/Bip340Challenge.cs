// BIP-340, "Verification": e = int(hash_BIP0340/challenge(r ‖ P ‖ m)) mod n.
namespace KeyMeld.Secp256k1;

/// <summary>The challenge of a BIP-340 signature.</summary>
internal static class Bip340Challenge
{
    private const string Tag = "BIP0340/challenge";

    /// <summary>e, 32 bytes, below the group order.</summary>
    public static byte[] Compute(ReadOnlySpan<byte> nonceX, XOnlyPublicKey key, ReadOnlySpan<byte> message)
    {
        Span<byte> head = stackalloc byte[2 * XOnlyPublicKey.Size];
        nonceX.CopyTo(head);
        key.Bytes.CopyTo(head[XOnlyPublicKey.Size..]);
        var challenge = TaggedHash.Compute(Tag, head, message);
        Scalars.Reduce(challenge);
        return challenge;
    }
}
