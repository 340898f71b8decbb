// CRC-32 as in IEEE 802.3 and gzip (RFC 1952 section 8): reflected, polynomial 0xEDB88320.
namespace KeyMeld.Images.Eif;

/// <summary>A checksum against accidents; the measurements are what protects an image.</summary>
internal static class Crc32
{
    private static readonly uint[] Table = [.. Enumerable.Range(0, 256).Select(value => Enumerable.Range(0, 8).Aggregate((uint)value, (crc, _) => Step(crc)))];

    /// <summary>The CRC of several parts in a row.</summary>
    public static uint Of(params ReadOnlySpan<ReadOnlyMemory<byte>> parts)
    {
        var crc = uint.MaxValue;
        foreach (var part in parts)
        {
            foreach (var value in part.Span)
            {
                crc = Table[(crc ^ value) & 0xFF] ^ (crc >> 8);
            }
        }
        return ~crc;
    }

    private static uint Step(uint crc) => (crc & 1) == 0 ? crc >> 1 : (crc >> 1) ^ 0xEDB88320;
}
