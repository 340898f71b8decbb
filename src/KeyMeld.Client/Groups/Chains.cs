using KeyMeld.Protocol.Errors;
using KeyMeld.Protocol.Statements;

namespace KeyMeld.Client;

/// <summary>Tweak chains as the SDK sees them.</summary>
internal static class Chains
{
    public static TweakChain Bip86 { get; } = new([new Tweak.Bip86()]);

    /// <summary>A raw tweak can commit to anything, a hidden script path among others (protocol.md section 5).</summary>
    public static bool IsRaw(TweakChain chain) => chain.Tweaks.Any(tweak => tweak is Tweak.Plain or Tweak.XOnly);

    /// <summary>The tweak that makes the output key, if there is any.</summary>
    public static Tweak? Last(TweakChain chain) => chain.Tweaks.Count == 0 ? null : chain.Tweaks[^1];

    public static void RefuseRaw(IEnumerable<TweakChain> chains, bool accepted, string how)
    {
        if (!accepted && chains.Any(IsRaw))
        {
            throw new KeyMeldException(ErrorCodes.Unsupported, $"There is a plain or xonly tweak, which can hide a script nobody sees. {how}");
        }
    }
}
