// protocol.md section 5, "Keys": from an aggregate key through its chain of tweaks to what is paid to.
using KeyMeld.Protocol.Groups;
using KeyMeld.Protocol.Ids;
using KeyMeld.Protocol.Statements;
using KeyMeld.Secp256k1;

namespace KeyMeld.Client;

/// <summary>The key that a group, a subset or an item signs with, and how it came about.</summary>
public sealed class OutputDetails
{
    private OutputDetails(XOnlyPublicKey aggregate, TweakChain chain, XOnlyPublicKey outputKey, TaprootOutput? taproot) =>
        (AggregateKey, Chain, OutputKey, Taproot) = (aggregate, chain, outputKey, taproot);

    /// <summary>The members' aggregate key before any tweak.</summary>
    public XOnlyPublicKey AggregateKey { get; }

    /// <summary>The tweaks that lead from there to the output key.</summary>
    public TweakChain Chain { get; }

    /// <summary>The key signatures verify under.</summary>
    public XOnlyPublicKey OutputKey { get; }

    /// <summary>The output with its scripts, where the chain ends in <c>bip86</c> or <c>taproot</c>; null where nothing shows whether the key commits to scripts.</summary>
    public TaprootOutput? Taproot { get; }

    /// <summary>The key before the last tweak, where that makes a taproot output.</summary>
    public XOnlyPublicKey? InternalKey => Taproot?.InternalKey;

    /// <summary>Whether a tweak in the chain hides what it commits to.</summary>
    public bool IsRaw => Chains.IsRaw(Chain);

    /// <summary>The taproot address of the output key.</summary>
    public string Address(BitcoinNetwork network) => TaprootAddress.Encode(OutputKey, network);

    internal static OutputDetails Of(Roster roster, Id16? subset, TweakChain? tweaks)
    {
        var chain = roster.ChainOf(subset, tweaks);
        var aggregate = roster.KeysOf(subset, TweakChain.Empty);
        var output = roster.KeysOf(subset, tweaks).OutputKey;
        if (Chains.Last(chain) is not (Tweak.Bip86 or Tweak.Taproot))
        {
            return new OutputDetails(aggregate.OutputKey, chain, output, null);
        }
        var inner = TweakChains.Apply(aggregate, new TweakChain([.. chain.Tweaks.SkipLast(1)]));
        var taproot = TaprootOutput.Of(inner.OutputKey, (chain.Tweaks[^1] as Tweak.Taproot)?.Tree);
        return taproot.OutputKey == output
            ? new OutputDetails(aggregate.OutputKey, chain, output, taproot)
            : throw new InvalidOperationException("The output key is not that of its internal key and scripts.");
    }
}
