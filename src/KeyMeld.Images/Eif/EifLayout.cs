// Enclave image format, version 4 (aws-nitro-enclaves-image-format, src/defs): all integers big endian.
namespace KeyMeld.Images.Eif;

/// <summary>Where things lie in an enclave image file.</summary>
internal static class EifLayout
{
    /// <summary>Magic, version, flags, memory, processors, reserved, count, 32 offsets, 32 sizes, unused, CRC.</summary>
    public const int HeaderSize = 548;

    public const int SectionHeaderSize = 12;
    public const int MaxSections = 32;
    public const ushort Version = 4;
    public const int FlagsOffset = 6;
    public const int MemoryOffset = 8;
    public const int ProcessorsOffset = 16;
    public const int ReservedOffset = 24;
    public const int CountOffset = 26;
    public const int OffsetsOffset = 28;
    public const int SizesOffset = OffsetsOffset + (8 * MaxSections);
    public const int UnusedOffset = SizesOffset + (8 * MaxSections);

    /// <summary>The last field of the header; the CRC covers every other byte of the file.</summary>
    public const int CrcOffset = UnusedOffset + 4;

    public const ushort Arm64 = 1;

    public static ReadOnlySpan<byte> Magic => ".eif"u8;
}

/// <summary>What a section holds, by its number in the file.</summary>
internal enum EifSectionType : ushort
{
    Kernel = 1,
    CommandLine = 2,
    Ramdisk = 3,
    Signature = 4,
    Metadata = 5,
}
