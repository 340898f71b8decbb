// protocol.md sections 6 and 10: items.
using KeyMeld.Protocol.Encoding;
using KeyMeld.Protocol.Errors;
using KeyMeld.Protocol.Ids;

namespace KeyMeld.Protocol.Statements;

/// <summary>The batch of a request, the plaintext of what its <c>sealed</c> names.</summary>
public static class SigningItems
{
    private const string What = "batch of items";

    /// <summary>Parses strictly, including that points are distinct up to sign and that the adaptor is their sum.</summary>
    /// <exception cref="KeyMeldException"><c>statement_invalid</c> or <c>limit_exceeded</c>.</exception>
    public static SigningItem[] Parse(ReadOnlySpan<byte> bytes)
    {
        var reader = new StrictCborReader(bytes, What, Limits.FrameBytes);
        var items = new SigningItem[reader.ReadArray(1, Limits.Items)];
        var chains = new Dictionary<Hash32, TweakChain>();
        for (var i = 0; i < items.Length; i++)
        {
            items[i] = Share(Read(ref reader), chains);
        }
        reader.End();
        CheckDistinct(items);
        return items;
    }

    /// <summary>The only encoding of these items.</summary>
    /// <exception cref="KeyMeldException">They are not items that <see cref="Parse"/> accepts.</exception>
    public static byte[] Encode(IReadOnlyList<SigningItem> items)
    {
        Rules.Require(items.Count is >= 1 and <= Limits.Items, $"A request has 1 to {Limits.Items} items.");
        CheckDistinct(items);
        var encoder = new CborEncoder(64 * items.Count).Array(items.Count);
        foreach (var item in items)
        {
            Write(encoder, item);
        }
        return Rules.Finish(encoder, Limits.FrameBytes);
    }

    // Items are many and chains are few: equal ones are kept once, so that a batch takes memory for its items, not for as many script trees.
    private static SigningItem Share(SigningItem item, Dictionary<Hash32, TweakChain> chains)
    {
        if (item.Tweaks is not { } own)
        {
            return item;
        }
        if (chains.TryGetValue(own.Hash, out var known))
        {
            return item with { Tweaks = known };
        }
        Rules.Limit(chains.Count + 1, Limits.DistinctKeys, "different tweak chains");
        chains.Add(own.Hash, own);
        return item;
    }

    private static SigningItem Read(ref StrictCborReader reader)
    {
        var map = reader.ReadMap();
        reader.Key(ref map, "item"u8);
        var id = reader.ReadId();
        var points = reader.TryKey(ref map, "points"u8) ? ReadPoints(ref reader) : [];
        Id16? subset = reader.TryKey(ref map, "subset"u8) ? reader.ReadId() : null;
        var tweaks = reader.TryKey(ref map, "tweaks"u8) ? TweakChain.Read(ref reader) : null;
        var adaptor = reader.TryKey(ref map, "adaptor"u8) ? reader.ReadPublicKey() : null;
        var context = reader.TryKey(ref map, "context"u8) ? ReadContext(ref reader) : null;
        reader.Key(ref map, "message"u8);
        var message = reader.ReadHash();
        reader.EndMap(map);
        var item = new SigningItem { Item = id, Message = message, Subset = subset, Tweaks = tweaks, Adaptor = adaptor, Points = points, Context = context };
        CheckPoints(item);
        return item;
    }

    private static AdaptorPoint[] ReadPoints(ref StrictCborReader reader)
    {
        var points = new AdaptorPoint[reader.ReadArray(Limits.MinPoints, Limits.MaxPoints)];
        for (var i = 0; i < points.Length; i++)
        {
            var map = reader.ReadMap();
            reader.Key(ref map, "point"u8);
            var point = reader.ReadPublicKey();
            reader.Key(ref map, "proof"u8);
            points[i] = new AdaptorPoint(point, reader.ReadSignature());
            reader.EndMap(map);
        }
        return points;
    }

    private static ItemContext ReadContext(ref StrictCborReader reader)
    {
        var map = reader.ReadMap();
        reader.Key(ref map, "data"u8);
        var data = reader.ReadBytes();
        Rules.Limit(data.Length, Limits.ContextBytes, "bytes of context");
        reader.Key(ref map, "type"u8);
        var context = new ItemContext(reader.ReadText(Limits.LabelBytes), data.ToArray());
        reader.EndMap(map);
        return context;
    }

    private static void Write(CborEncoder encoder, SigningItem item)
    {
        CheckPoints(item);
        var optional = (item.Points.Count > 0 ? 1 : 0) + (item.Subset is null ? 0 : 1) + (item.Tweaks is null ? 0 : 1) + (item.Adaptor is null ? 0 : 1) + (item.Context is null ? 0 : 1);
        encoder.Map(2 + optional).Key("item"u8).Id(item.Item);
        if (item.Points.Count > 0)
        {
            encoder.Key("points"u8).Array(item.Points.Count);
            foreach (var point in item.Points)
            {
                encoder.Map(2).Key("point"u8).Bytes(point.Point.Bytes).Key("proof"u8).Bytes(point.Proof.Bytes);
            }
        }
        if (item.Subset is { } subset)
        {
            encoder.Key("subset"u8).Id(subset);
        }
        item.Tweaks?.Write(encoder.Key("tweaks"u8));
        if (item.Adaptor is not null)
        {
            encoder.Key("adaptor"u8).Bytes(item.Adaptor.Bytes);
        }
        if (item.Context is { } context)
        {
            Rules.Limit(context.Data.Length, Limits.ContextBytes, "bytes of context");
            Rules.Limit(System.Text.Encoding.UTF8.GetByteCount(context.Type), Limits.LabelBytes, "bytes of context type");
            encoder.Key("context"u8).Map(2).Key("data"u8).Bytes(context.Data.Span).Key("type"u8).Text(context.Type);
        }
        encoder.Key("message"u8).Hash(item.Message);
    }

    private static void CheckDistinct(IReadOnlyList<SigningItem> items)
    {
        var seen = new HashSet<Id16>(items.Count);
        foreach (var item in items)
        {
            Rules.Require(seen.Add(item.Item), $"The item {item.Item} is there twice.");
        }
    }

    private static void CheckPoints(SigningItem item)
    {
        if (item.Points.Count == 0)
        {
            return;
        }
        Rules.Require(item.Points.Count is >= Limits.MinPoints and <= Limits.MaxPoints, $"An and adaptor has {Limits.MinPoints} to {Limits.MaxPoints} points.");
        Rules.Distinct(item.Points.Select(point => point.Point.ToXOnly()), "Two points are equal up to sign.");
        var adaptor = item.Adaptor ?? throw Rules.Invalid("There are points without an adaptor.");
        Rules.Require(AdaptorProof.IsSum(item.Points, adaptor), "The adaptor is not the sum of its points.");
    }
}
