// protocol.md section 5, "Keys": chains over a BIP-327 aggregate; BIP-341 and BIP-86 for the two that end in a taproot output.
using KeyMeld.Protocol.Ids;
using KeyMeld.Protocol.Statements;
using KeyMeld.Secp256k1;

namespace KeyMeld.Protocol.Groups;

/// <summary>Applies chains of tweaks.</summary>
public static class TweakChains
{
    /// <summary>The aggregate after all tweaks of the chain, in order.</summary>
    /// <exception cref="System.Security.Cryptography.CryptographicException">A tweak is no scalar, or the result is no key.</exception>
    public static KeyAggregation Apply(KeyAggregation keys, TweakChain chain) => chain.Tweaks.Aggregate(keys, Apply);

    /// <summary>TapTweak of an internal key: with a Merkle root, or of the key alone (BIP-86).</summary>
    public static Hash32 TapTweak(XOnlyPublicKey internalKey, Hash32? root)
    {
        Span<byte> digest = stackalloc byte[Hash32.Size];
        var rootBytes = root is { } value ? value.Bytes : [];
        TaggedHash.Compute("TapTweak", internalKey.Bytes, rootBytes, digest);
        return new Hash32(digest);
    }

    private static KeyAggregation Apply(KeyAggregation keys, Tweak tweak) => tweak switch
    {
        Tweak.Plain plain => keys.WithPlainTweak(plain.Value.Bytes),
        Tweak.XOnly xonly => keys.WithXOnlyTweak(xonly.Value.Bytes),
        Tweak.Bip86 => keys.WithXOnlyTweak(TapTweak(keys.OutputKey, null).Bytes),
        Tweak.Taproot taproot => keys.WithXOnlyTweak(TapTweak(keys.OutputKey, ScriptTrees.Root(taproot.Tree)).Bytes),
        _ => throw new InvalidOperationException("Unknown tweak."),
    };
}
