using System.Buffers.Binary;

namespace KeyMeld.Images.Eif;

/// <summary>
/// Reads enclave images, strictly: the version this project writes, sections in their order, one behind the other without gaps, sizes that agree, zeros where nothing
/// belongs, the right CRC, a signature that verifies, no trailing bytes. An image that other tools read otherwise than this one is not worth describing.
/// </summary>
public static class EifReader
{
    /// <summary>Reads an image; its parts are views of the given bytes.</summary>
    /// <param name="file">The whole file.</param>
    /// <exception cref="ImageException">The first rule it breaks.</exception>
    public static EifImage Read(ReadOnlyMemory<byte> file)
    {
        if (file.Length is < EifLayout.HeaderSize or > EifImage.MaxSize)
        {
            throw new ImageException($"An enclave image has {EifLayout.HeaderSize} to {EifImage.MaxSize} bytes.");
        }
        var header = file.Span[..EifLayout.HeaderSize];
        RequireHeader(header);
        var sections = Sections(file, BinaryPrimitives.ReadUInt16BigEndian(header[EifLayout.CountOffset..]));
        if (BinaryPrimitives.ReadUInt32BigEndian(header[EifLayout.CrcOffset..]) != Crc32.Of(file[..EifLayout.CrcOffset], file[EifLayout.HeaderSize..]))
        {
            throw new ImageException("The image's CRC is not that of its bytes: it was damaged.");
        }
        return Image(header, sections);
    }

    private static void RequireHeader(ReadOnlySpan<byte> header)
    {
        if (!header.StartsWith(EifLayout.Magic) || BinaryPrimitives.ReadUInt16BigEndian(header[4..]) != EifLayout.Version)
        {
            throw new ImageException($"The file is not an enclave image of version {EifLayout.Version}.");
        }
        if ((BinaryPrimitives.ReadUInt16BigEndian(header[EifLayout.FlagsOffset..]) & ~EifLayout.Arm64) != 0
            || BinaryPrimitives.ReadUInt16BigEndian(header[EifLayout.ReservedOffset..]) != 0
            || BinaryPrimitives.ReadUInt32BigEndian(header[EifLayout.UnusedOffset..]) != 0)
        {
            throw new ImageException("The image's header has something in a field that is reserved.");
        }
        if (BinaryPrimitives.ReadUInt16BigEndian(header[EifLayout.CountOffset..]) > EifLayout.MaxSections)
        {
            throw new ImageException($"An enclave image has at most {EifLayout.MaxSections} sections.");
        }
    }

    private static List<(EifSectionType Type, ReadOnlyMemory<byte> Content)> Sections(ReadOnlyMemory<byte> file, int count)
    {
        List<(EifSectionType, ReadOnlyMemory<byte>)> sections = [];
        var position = EifLayout.HeaderSize;
        for (var i = 0; i < EifLayout.MaxSections; i++)
        {
            var offset = BinaryPrimitives.ReadUInt64BigEndian(file.Span[(EifLayout.OffsetsOffset + (8 * i))..]);
            var size = BinaryPrimitives.ReadUInt64BigEndian(file.Span[(EifLayout.SizesOffset + (8 * i))..]);
            if (i >= count)
            {
                if (offset != 0 || size != 0)
                {
                    throw new ImageException("The image's header places a section it does not count.");
                }
                continue;
            }
            var room = file.Length - position - EifLayout.SectionHeaderSize;
            if (offset != (ulong)position || room < 0 || size > (ulong)room)
            {
                throw new ImageException("A section of the image does not lie where the one before it ends, or reaches behind the end of the file.");
            }
            var section = file.Span.Slice(position, EifLayout.SectionHeaderSize);
            if (BinaryPrimitives.ReadUInt16BigEndian(section[2..]) != 0 || BinaryPrimitives.ReadUInt64BigEndian(section[4..]) != size)
            {
                throw new ImageException("A section's own header and the image's header disagree.");
            }
            sections.Add(((EifSectionType)BinaryPrimitives.ReadUInt16BigEndian(section), file.Slice(position + EifLayout.SectionHeaderSize, (int)size)));
            position += EifLayout.SectionHeaderSize + (int)size;
        }
        return position == file.Length ? sections : throw new ImageException("Bytes follow the image's last section.");
    }

    private static EifImage Image(ReadOnlySpan<byte> header, List<(EifSectionType Type, ReadOnlyMemory<byte> Content)> sections)
    {
        var rest = new Queue<(EifSectionType Type, ReadOnlyMemory<byte> Content)>(sections);
        ReadOnlyMemory<byte>? Next(EifSectionType type) => rest.TryPeek(out var next) && next.Type == type ? (ReadOnlyMemory<byte>?)rest.Dequeue().Content : null;
        var (kernel, commandLine, metadata) = (Next(EifSectionType.Kernel), Next(EifSectionType.CommandLine), Next(EifSectionType.Metadata));
        List<ReadOnlyMemory<byte>> ramdisks = [];
        while (Next(EifSectionType.Ramdisk) is { } ramdisk)
        {
            ramdisks.Add(ramdisk);
        }
        var signature = Next(EifSectionType.Signature);
        if (kernel is not { IsEmpty: false } || commandLine is not { IsEmpty: false } || ramdisks.Count == 0 || ramdisks.Any(ramdisk => ramdisk.IsEmpty) || rest.Count != 0)
        {
            throw new ImageException("An image's sections are kernel, command line, perhaps metadata, ramdisks, perhaps a signature, in this order and not empty.");
        }
        var image = new EifImage
        {
            Arm64 = BinaryPrimitives.ReadUInt16BigEndian(header[EifLayout.FlagsOffset..]) == EifLayout.Arm64,
            DefaultMemory = BinaryPrimitives.ReadUInt64BigEndian(header[EifLayout.MemoryOffset..]),
            DefaultProcessors = BinaryPrimitives.ReadUInt64BigEndian(header[EifLayout.ProcessorsOffset..]),
            Kernel = kernel.Value,
            CommandLine = commandLine.Value,
            Metadata = metadata,
            Ramdisks = ramdisks,
        };
        return signature is { } bytes ? image with { Signature = EifSignature.Parse(bytes, image.Measure().Pcr0.Span) } : image;
    }
}
