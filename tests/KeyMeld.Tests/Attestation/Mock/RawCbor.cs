using System.Text;

namespace KeyMeld.Tests.Attestation.Mock;

/// <summary>CBOR by hand (RFC 8949 section 3), so that a test can also write what no library would.</summary>
internal static class RawCbor
{
    public static readonly byte[] Null = [0xf6];

    public static byte[] Uint(ulong value) => Head(0, value);

    public static byte[] Bytes(ReadOnlySpan<byte> value) => [.. Head(2, (ulong)value.Length), .. value];

    public static byte[] Text(string value) => [.. Head(3, (ulong)Encoding.UTF8.GetByteCount(value)), .. Encoding.UTF8.GetBytes(value)];

    public static byte[] Array(params byte[][] items) => [.. Head(4, (ulong)items.Length), .. items.SelectMany(item => item)];

    public static byte[] Map(params (byte[] Key, byte[] Value)[] entries) =>
        [.. Head(5, (ulong)entries.Length), .. entries.SelectMany(entry => entry.Key.Concat(entry.Value))];

    public static byte[] IndefiniteMap(params (byte[] Key, byte[] Value)[] entries) =>
        [0xbf, .. entries.SelectMany(entry => entry.Key.Concat(entry.Value)), 0xff];

    public static byte[] Tag(ulong tag, byte[] value) => [.. Head(6, tag), .. value];

    /// <summary>The same item with one byte more of length than it needs.</summary>
    public static byte[] Longer(byte[] item) => [(byte)(item[0] & 0xe0 | 24), (byte)(item[0] & 0x1f), .. item[1..]];

    /// <summary>An array in an array, <paramref name="depth"/> times, with a zero at the bottom.</summary>
    public static byte[] Nested(int depth) => [.. Enumerable.Repeat((byte)0x81, depth), 0];

    private static byte[] Head(int major, ulong value) => value switch
    {
        < 24 => [(byte)(major << 5 | (int)value)],
        <= byte.MaxValue => [(byte)(major << 5 | 24), (byte)value],
        <= ushort.MaxValue => [(byte)(major << 5 | 25), (byte)(value >> 8), (byte)(value & 0xff)],
        _ => [(byte)(major << 5 | 27), .. BitConverter.GetBytes(value).Reverse()],
    };
}
