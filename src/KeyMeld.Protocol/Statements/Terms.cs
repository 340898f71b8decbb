// protocol.md sections 5 and 10: terms.
using KeyMeld.Protocol.Encoding;
using KeyMeld.Protocol.Ids;

namespace KeyMeld.Protocol.Statements;

/// <summary>What the members agree on and the gateway does not see; the manifest commits to it.</summary>
public sealed record Terms
{
    private const string What = "terms";

    /// <summary>What the creator calls the group, up to 256 bytes of UTF-8.</summary>
    public string? Label { get; init; }

    /// <summary>The chain of the group's own key.</summary>
    public required TweakChain Tweaks { get; init; }

    /// <summary>Chains of subsets; one that is absent has the empty chain, not the group's.</summary>
    public required IReadOnlyDictionary<Id16, TweakChain> Subsets { get; init; }

    /// <summary>Parses strictly.</summary>
    /// <exception cref="Errors.KeyMeldException"><c>statement_invalid</c> or <c>limit_exceeded</c>.</exception>
    public static Terms Parse(ReadOnlySpan<byte> bytes)
    {
        var reader = new StrictCborReader(bytes, What, Limits.TermsBytes);
        var map = reader.ReadVersionedMap();
        var label = reader.TryKey(ref map, "label"u8) ? reader.ReadText(Limits.LabelBytes) : null;
        reader.Key(ref map, "tweaks"u8);
        var tweaks = TweakChain.Read(ref reader);
        reader.Key(ref map, "subsets"u8);
        var subsets = ReadSubsets(ref reader);
        reader.EndMap(map);
        reader.End();
        return new Terms { Label = label, Tweaks = tweaks, Subsets = subsets };
    }

    /// <summary>The only encoding of these terms.</summary>
    /// <exception cref="Errors.KeyMeldException">The label or the whole is too long.</exception>
    public byte[] Encode()
    {
        var encoder = new CborEncoder().Map(Label is null ? 3 : 4).Key("v"u8).Number(1);
        if (Label is not null)
        {
            Rules.Limit(System.Text.Encoding.UTF8.GetByteCount(Label), Limits.LabelBytes, "bytes of label");
            encoder.Key("label"u8).Text(Label);
        }
        Tweaks.Write(encoder.Key("tweaks"u8));
        encoder.Key("subsets"u8).Map(Subsets.Count);
        foreach (var (id, chain) in Subsets.OrderBy(subset => subset.Key))
        {
            chain.Write(encoder.Id(id));
        }
        return Rules.Finish(encoder, Limits.TermsBytes);
    }

    private static Dictionary<Id16, TweakChain> ReadSubsets(ref StrictCborReader reader)
    {
        var count = reader.ReadMap();
        Rules.Limit(count, Limits.Subsets, "subsets");
        var subsets = new Dictionary<Id16, TweakChain>(count);
        Id16? last = null;
        for (; count > 0; count--)
        {
            var id = reader.ReadId();
            if (last is { } previous && previous >= id)
            {
                throw reader.Invalid("has subsets that are not strictly ascending");
            }
            last = id;
            subsets.Add(id, TweakChain.Read(ref reader));
        }
        return subsets;
    }
}
