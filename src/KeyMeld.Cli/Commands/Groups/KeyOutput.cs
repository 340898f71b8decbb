using KeyMeld.Cli.Output;
using KeyMeld.Client;

namespace KeyMeld.Cli.Commands.Groups;

/// <summary>Keys that a group can sign with: what is paid to, how it comes about, and every script that can spend it.</summary>
internal static class KeyOutput
{
    private static readonly string[] Columns = ["key", "members", "output key", "address", "internal key", "tweaks", "id"];

    /// <summary>Prints a key that people were shown the facts of already, others, and the scripts of all.</summary>
    public static void Print(NamedKey first, IReadOnlyList<NamedKey> others, BitcoinNetwork network)
    {
        if (Report.Json)
        {
            Report.Table("keys", Columns, others.Prepend(first).Select(key => (IReadOnlyList<string?>)
            [
                key.Name, key.Members, key.Output.OutputKey.ToString(), key.Output.Address(network), key.Output.InternalKey?.ToString(), TweakText.Of(key.Output.Chain), key.Id,
            ]));
        }
        else
        {
            PrintFacts(others, network);
        }
        TweakText.PrintScripts(others.Prepend(first).Select(key => (key.Name, key.Output.Chain)));
    }

    /// <summary>Prints keys and the scripts of all; there is at least one.</summary>
    public static void PrintAll(IReadOnlyList<NamedKey> keys, BitcoinNetwork network)
    {
        if (!Report.Json)
        {
            PrintFacts(keys.Take(1), network);
        }
        Print(keys[0], [.. keys.Skip(1)], network);
    }

    /// <summary>What there is to know of one key, script by script apart.</summary>
    public static (string Name, string? Value)[] Facts(NamedKey key, BitcoinNetwork network) =>
    [
        ("output key", key.Output.OutputKey.ToString()),
        ("address", key.Output.Address(network)),
        ("internal key", key.Output.InternalKey?.ToString() ?? "none: nothing shows whether the key commits to scripts"),
        ("tweaks", TweakText.Of(key.Output.Chain)),
        ("id", key.Id),
    ];

    private static void PrintFacts(IEnumerable<NamedKey> keys, BitcoinNetwork network)
    {
        foreach (var key in keys)
        {
            Report.Say($"{key.Name}: members {key.Members}");
            Report.Facts([.. Facts(key, network).Select(fact => ($"  {fact.Name}", fact.Value))]);
        }
    }
}

/// <summary>A key by the name commands know it by.</summary>
/// <param name="Name">"group", or "subset" and its number.</param>
/// <param name="Id">A subset's id.</param>
/// <param name="Members">Places of its signers.</param>
/// <param name="Output">The key.</param>
internal sealed record NamedKey(string Name, string? Id, string Members, OutputDetails Output)
{
    public static NamedKey Of(Group group, int? subset = null) => subset is { } index
        ? new NamedKey($"subset {index}", group.Subsets[index].Id.ToString(), string.Join(", ", group.Subsets[index].Members), group.OutputOf(group.Subsets[index].Id))
        : new NamedKey("group", null, string.Join(", ", group.Members.Select(member => member.Index)), group.OutputOf());
}
