// BIP-86 and BIP-341 over one key: Q = P + TapTweak(P ‖ root) G.
using KeyMeld.Protocol.Groups;
using KeyMeld.Protocol.Ids;
using KeyMeld.Protocol.Statements;
using KeyMeld.Secp256k1;

namespace KeyMeld.Protocol.Keys;

/// <summary>What a single-signer key is after its tweak.</summary>
public static class SingleTweaks
{
    /// <summary>TapTweak of the key, or null where it signs as it is.</summary>
    public static Hash32? TapTweak(XOnlyPublicKey key, SingleTweak tweak) => tweak switch
    {
        SingleTweak.None => null,
        SingleTweak.Bip86 => TweakChains.TapTweak(key, null),
        SingleTweak.Root root => TweakChains.TapTweak(key, root.Value),
        _ => throw new InvalidOperationException("Unknown tweak."),
    };

    /// <summary>The x-only key that a BIP-340 signature with this tweak verifies under.</summary>
    /// <exception cref="System.Security.Cryptography.CryptographicException">The tweak gives no key; it happens for nobody who does not aim at it.</exception>
    public static XOnlyPublicKey OutputKey(XOnlyPublicKey key, SingleTweak tweak) => TapTweak(key, tweak) is { } digest ? key.WithTweak(digest.Bytes).ToXOnly() : key;
}
