using System.Globalization;
using KeyMeld.Cli.Output;
using KeyMeld.Client;
using KeyMeld.Protocol.Statements;

namespace KeyMeld.Cli.Commands.Groups;

/// <summary>Tweaks in words, and every script that they let spend.</summary>
internal static class TweakText
{
    private static readonly string[] ScriptColumns = ["key", "leaf", "depth", "version", "assembly", "script", "warning"];

    public static string Of(TweakChain chain) => chain.Tweaks.Count == 0 ? "none: the bare aggregate key" : string.Join(", then ", chain.Tweaks.Select(Of));

    /// <summary>The scripts of several keys, each leaf whole; nothing where there are none.</summary>
    public static void PrintScripts(IEnumerable<(string Key, TweakChain Chain)> keys)
    {
        var scripts = keys.SelectMany(key => ScriptLeaf.AllOf(key.Chain).Select((leaf, index) => (key.Key, Index: index, Leaf: leaf))).ToList();
        if (Report.Json)
        {
            Report.Table("scripts", ScriptColumns, scripts.Select(script => (IReadOnlyList<string?>)
            [
                script.Key, Number(script.Index), Number(script.Leaf.Depth), Version(script.Leaf), script.Leaf.Assembly, Hex(script.Leaf), script.Leaf.AnyoneCanSpend ? "anyone can spend" : null,
            ]));
            return;
        }
        foreach (var (key, index, leaf) in scripts)
        {
            Report.Say($"{key}, script {index}: depth {leaf.Depth}, leaf version {Version(leaf)}");
            Report.Say($"  {leaf.Assembly}");
            Report.Say($"  hex {Hex(leaf)}");
            if (leaf.AnyoneCanSpend)
            {
                Report.Warn($"  Consensus lets ANYBODY spend by this script today ({(leaf.Version == ScriptLeaf.Tapscript ? "OP_SUCCESS" : "unknown leaf version")}).");
            }
        }
    }

    private static string Version(ScriptLeaf leaf) => leaf.Version.ToString("x2", CultureInfo.InvariantCulture);

    private static string Hex(ScriptLeaf leaf) => Convert.ToHexStringLower(leaf.Script.Span);

    private static string Number(int value) => value.ToString(CultureInfo.InvariantCulture);

    private static string Of(Tweak tweak) => tweak switch
    {
        Tweak.Bip86 => "BIP-86 (key path only)",
        Tweak.Taproot taproot => $"taproot, {Scripts(taproot.Tree)}",
        Tweak.Plain plain => $"plain {plain.Value}: HIDES what it commits to",
        Tweak.XOnly xonly => $"x-only {xonly.Value}: HIDES what it commits to",
        _ => throw new ArgumentOutOfRangeException(nameof(tweak)),
    };

    private static string Scripts(ScriptTree tree) => Count(tree) is var count and not 1 ? $"{count} scripts" : "1 script";

    private static int Count(ScriptTree tree) => tree is ScriptTree.Branch branch ? Count(branch.Left) + Count(branch.Right) : 1;
}
