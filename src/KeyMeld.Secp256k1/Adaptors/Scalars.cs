using System.Buffers.Binary;

namespace KeyMeld.Secp256k1;

/// <summary>Public numbers of 32 bytes, big-endian, as scalars. Not for secrets: the time depends on the value.</summary>
internal static class Scalars
{
    // SEC 2, section 2.4.1.
    private static readonly UInt128 s_orderHigh = new(0xffffffffffffffff, 0xfffffffffffffffe);
    private static readonly UInt128 s_orderLow = new(0xbaaedce6af48a03b, 0xbfd25e8cd0364141);

    /// <summary>Whether the number is below the group order.</summary>
    public static bool IsInRange(ReadOnlySpan<byte> number32)
    {
        var (high, low) = Read(number32);
        return high < s_orderHigh || (high == s_orderHigh && low < s_orderLow);
    }

    /// <summary>The number modulo the group order, in place. The order is over 2^255, so it is subtracted once at most.</summary>
    public static void Reduce(Span<byte> number32)
    {
        if (IsInRange(number32))
            return;
        var (high, low) = Read(number32);
        BinaryPrimitives.WriteUInt128BigEndian(number32[16..], unchecked(low - s_orderLow));
        BinaryPrimitives.WriteUInt128BigEndian(number32, high - s_orderHigh - (low < s_orderLow ? UInt128.One : UInt128.Zero));
    }

    private static (UInt128 High, UInt128 Low) Read(ReadOnlySpan<byte> number32) =>
        (BinaryPrimitives.ReadUInt128BigEndian(number32), BinaryPrimitives.ReadUInt128BigEndian(number32[16..]));
}
