// protocol.md section 10: round1 and round2. Up to 65,536 entries, so they are values over the decrypted bytes, not objects.
// What a blob may hold for a given request and node is checked by Signing.RoundPairs.
using KeyMeld.Protocol.Encoding;
using KeyMeld.Protocol.Errors;
using KeyMeld.Protocol.Ids;

namespace KeyMeld.Protocol.Statements;

/// <summary>A signer's public nonce for an item.</summary>
/// <param name="Item">The item.</param>
/// <param name="Signer">Index of the participant.</param>
/// <param name="Nonce">66 bytes, which may still be no points.</param>
public readonly record struct Round1Entry(Id16 Item, int Signer, ReadOnlyMemory<byte> Nonce);

/// <summary>A signer's partial signature for an item.</summary>
/// <param name="Item">The item.</param>
/// <param name="Signer">Index of the participant.</param>
/// <param name="Partial">32 bytes, which may still be no scalar.</param>
public readonly record struct Round2Entry(Id16 Item, int Signer, Hash32 Partial);

/// <summary>The two lists of entries.</summary>
public static class RoundEntries
{
    /// <summary>Bytes of a public nonce.</summary>
    public const int NonceSize = 66;

    /// <summary>Parses a non-empty list of public nonces; they point into <paramref name="bytes"/>.</summary>
    /// <exception cref="KeyMeldException"><c>statement_invalid</c> or <c>limit_exceeded</c>.</exception>
    public static Round1Entry[] ParseRound1(ReadOnlyMemory<byte> bytes)
    {
        var reader = new StrictCborReader(bytes.Span, "round1 blob", Limits.FrameBytes);
        var entries = new Round1Entry[reader.ReadArray(1, Limits.ItemSigners)];
        for (var i = 0; i < entries.Length; i++)
        {
            var map = reader.ReadMap();
            reader.Key(ref map, "item"u8);
            var item = reader.ReadId();
            reader.Key(ref map, "nonce"u8);
            reader.ReadBytes(NonceSize);
            var nonce = bytes.Slice(reader.Position - NonceSize, NonceSize);
            reader.Key(ref map, "signer"u8);
            entries[i] = new Round1Entry(item, reader.ReadInt(), nonce);
            reader.EndMap(map);
        }
        reader.End();
        return entries;
    }

    /// <summary>Parses a list of partial signatures, which may be empty.</summary>
    /// <exception cref="KeyMeldException"><c>statement_invalid</c> or <c>limit_exceeded</c>.</exception>
    public static Round2Entry[] ParseRound2(ReadOnlySpan<byte> bytes)
    {
        var reader = new StrictCborReader(bytes, "round2 blob", Limits.FrameBytes);
        var entries = new Round2Entry[reader.ReadArray(0, Limits.ItemSigners)];
        for (var i = 0; i < entries.Length; i++)
        {
            var map = reader.ReadMap();
            reader.Key(ref map, "item"u8);
            var item = reader.ReadId();
            reader.Key(ref map, "signer"u8);
            var signer = reader.ReadInt();
            reader.Key(ref map, "partial"u8);
            entries[i] = new Round2Entry(item, signer, reader.ReadHash());
            reader.EndMap(map);
        }
        reader.End();
        return entries;
    }

    /// <summary>The only encoding of these entries.</summary>
    /// <exception cref="KeyMeldException">There is none, or a nonce is not 66 bytes.</exception>
    public static byte[] Encode(ReadOnlySpan<Round1Entry> entries)
    {
        Rules.Require(entries.Length is >= 1 and <= Limits.ItemSigners, "A round1 blob has at least one entry.");
        var encoder = new CborEncoder(8 + (112 * entries.Length)).Array(entries.Length);
        foreach (var entry in entries)
        {
            Rules.Require(entry.Nonce.Length == NonceSize, $"A public nonce has {NonceSize} bytes.");
            Rules.Number(entry.Signer, "A signer");
            encoder.Map(3).Key("item"u8).Id(entry.Item).Key("nonce"u8).Bytes(entry.Nonce.Span).Key("signer"u8).Number(entry.Signer);
        }
        return Rules.Finish(encoder, Limits.FrameBytes);
    }

    /// <summary>The only encoding of these entries.</summary>
    /// <exception cref="KeyMeldException">A signer is negative, or there are too many entries.</exception>
    public static byte[] Encode(ReadOnlySpan<Round2Entry> entries)
    {
        Rules.Limit(entries.Length, Limits.ItemSigners, "entries");
        var encoder = new CborEncoder(8 + (80 * entries.Length)).Array(entries.Length);
        foreach (var entry in entries)
        {
            Rules.Number(entry.Signer, "A signer");
            encoder.Map(3).Key("item"u8).Id(entry.Item).Key("signer"u8).Number(entry.Signer).Key("partial"u8).Hash(entry.Partial);
        }
        return Rules.Finish(encoder, Limits.FrameBytes);
    }
}
