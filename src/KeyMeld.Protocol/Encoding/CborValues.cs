using KeyMeld.Protocol.Ids;
using KeyMeld.Secp256k1;

namespace KeyMeld.Protocol.Encoding;

/// <summary>The protocol's own values (protocol.md section 10) on top of the reader and the encoder.</summary>
internal static class CborValues
{
    public static int ReadVersionedMap(this ref StrictCborReader reader)
    {
        var remaining = reader.ReadMap();
        reader.Key(ref remaining, "v"u8);
        var version = reader.ReadInt();
        return version == 1 ? remaining : throw reader.Invalid($"has version {version} where 1 belongs");
    }

    public static Id16 ReadId(this ref StrictCborReader reader) => new(reader.ReadBytes(Id16.Size));

    public static Hash32 ReadHash(this ref StrictCborReader reader) => new(reader.ReadBytes(Hash32.Size));

    public static Hash32? ReadOptionalHash(this ref StrictCborReader reader, ref int remaining, ReadOnlySpan<byte> key) =>
        reader.TryKey(ref remaining, key) ? reader.ReadHash() : null;

    public static long? ReadOptionalTime(this ref StrictCborReader reader, ref int remaining, ReadOnlySpan<byte> key) =>
        reader.TryKey(ref remaining, key) ? reader.ReadTime() : null;

    public static bool ReadOptionalTrue(this ref StrictCborReader reader, ref int remaining, ReadOnlySpan<byte> key)
    {
        var present = reader.TryKey(ref remaining, key);
        if (present)
        {
            reader.ReadTrue();
        }
        return present;
    }

    public static XOnlyPublicKey ReadXOnly(this ref StrictCborReader reader) =>
        XOnlyPublicKey.TryParse(reader.ReadBytes(XOnlyPublicKey.Size), out var key) ? key : throw reader.Invalid($"has an x-only key that is not on the curve before byte {reader.Position}");

    public static PublicKey ReadPublicKey(this ref StrictCborReader reader) =>
        PublicKey.TryParse(reader.ReadBytes(PublicKey.Size), out var key) ? key : throw reader.Invalid($"has a public key that is not on the curve before byte {reader.Position}");

    public static SchnorrSignature ReadSignature(this ref StrictCborReader reader) => SchnorrSignature.Parse(reader.ReadBytes(SchnorrSignature.Size));

    /// <summary>Indexes in strictly ascending order.</summary>
    public static int[] ReadIndexes(this ref StrictCborReader reader, int minimum, int maximum)
    {
        var indexes = new int[reader.ReadArray(minimum, maximum)];
        for (var i = 0; i < indexes.Length; i++)
        {
            indexes[i] = reader.ReadInt();
        }
        return indexes;
    }

    public static CborEncoder Key(this CborEncoder encoder, ReadOnlySpan<byte> name) => encoder.Utf8(name);

    public static CborEncoder Id(this CborEncoder encoder, Id16 id) => encoder.Bytes(id.Bytes);

    public static CborEncoder Hash(this CborEncoder encoder, Hash32 hash) => encoder.Bytes(hash.Bytes);

    public static CborEncoder OptionalHash(this CborEncoder encoder, ReadOnlySpan<byte> key, Hash32? hash) => hash is { } value ? encoder.Key(key).Hash(value) : encoder;

    public static CborEncoder OptionalTime(this CborEncoder encoder, ReadOnlySpan<byte> key, long? time) => time is { } value ? encoder.Key(key).Number(value) : encoder;

    public static CborEncoder OptionalTrue(this CborEncoder encoder, ReadOnlySpan<byte> key, bool present) => present ? encoder.Key(key).Boolean(true) : encoder;

    public static CborEncoder Indexes(this CborEncoder encoder, IReadOnlyList<int> indexes)
    {
        encoder.Array(indexes.Count);
        foreach (var index in indexes)
        {
            encoder.Number(index);
        }
        return encoder;
    }
}
