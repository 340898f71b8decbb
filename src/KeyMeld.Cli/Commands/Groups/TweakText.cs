using KeyMeld.Protocol.Statements;

namespace KeyMeld.Cli.Commands.Groups;

/// <summary>A tweak chain in words.</summary>
internal static class TweakText
{
    public static string Of(TweakChain chain) => chain.Tweaks.Count == 0 ? "none: the bare aggregate key" : string.Join(", then ", chain.Tweaks.Select(Of));

    private static string Of(Tweak tweak) => tweak switch
    {
        Tweak.Bip86 => "BIP-86 (key path only)",
        Tweak.Taproot taproot => $"taproot scripts {string.Join(" ", Leaves(taproot.Tree))}",
        Tweak.Plain plain => $"plain {plain.Value}: hides what it commits to",
        Tweak.XOnly xonly => $"x-only {xonly.Value}: hides what it commits to",
        _ => throw new ArgumentOutOfRangeException(nameof(tweak)),
    };

    private static IEnumerable<string> Leaves(ScriptTree tree) => tree switch
    {
        ScriptTree.Leaf leaf => [$"{leaf.Version:x2}:{Convert.ToHexStringLower(leaf.Script.Span)}"],
        ScriptTree.Branch branch => Leaves(branch.Left).Concat(Leaves(branch.Right)),
        _ => throw new ArgumentOutOfRangeException(nameof(tree)),
    };
}
