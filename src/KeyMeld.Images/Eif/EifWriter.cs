using System.Buffers.Binary;

namespace KeyMeld.Images.Eif;

/// <summary>Writes enclave images. Equal images give equal bytes.</summary>
public static class EifWriter
{
    /// <summary>The image file.</summary>
    /// <param name="image">Its parts.</param>
    /// <exception cref="ImageException">A part is missing, there are too many, or the image is too large.</exception>
    public static byte[] Write(EifImage image)
    {
        var sections = Sections(image);
        var file = new byte[Size(sections)];
        var position = EifLayout.HeaderSize;
        for (var i = 0; i < sections.Count; i++)
        {
            var (type, content) = sections[i];
            BinaryPrimitives.WriteUInt64BigEndian(file.AsSpan(EifLayout.OffsetsOffset + (8 * i)), (ulong)position);
            BinaryPrimitives.WriteUInt64BigEndian(file.AsSpan(EifLayout.SizesOffset + (8 * i)), (ulong)content.Length);
            BinaryPrimitives.WriteUInt16BigEndian(file.AsSpan(position), (ushort)type);
            BinaryPrimitives.WriteUInt64BigEndian(file.AsSpan(position + 4), (ulong)content.Length);
            content.CopyTo(file.AsMemory(position + EifLayout.SectionHeaderSize));
            position += EifLayout.SectionHeaderSize + content.Length;
        }
        WriteHeader(file, image, sections.Count);
        return file;
    }

    private static List<(EifSectionType Type, ReadOnlyMemory<byte> Content)> Sections(EifImage image)
    {
        if (image.Kernel.IsEmpty || image.CommandLine.IsEmpty || image.Ramdisks.Count == 0 || image.Ramdisks.Any(ramdisk => ramdisk.IsEmpty))
        {
            throw new ImageException("An enclave image has a kernel, a command line and at least one ramdisk, none of them empty.");
        }
        List<(EifSectionType, ReadOnlyMemory<byte>)> sections = [(EifSectionType.Kernel, image.Kernel), (EifSectionType.CommandLine, image.CommandLine)];
        if (image.Metadata is { } metadata)
        {
            sections.Add((EifSectionType.Metadata, metadata));
        }
        sections.AddRange(image.Ramdisks.Select(ramdisk => (EifSectionType.Ramdisk, ramdisk)));
        if (image.Signature is { } signature)
        {
            sections.Add((EifSectionType.Signature, signature.ToBytes()));
        }
        return sections.Count <= EifLayout.MaxSections ? sections : throw new ImageException($"An enclave image has at most {EifLayout.MaxSections} sections.");
    }

    private static int Size(List<(EifSectionType Type, ReadOnlyMemory<byte> Content)> sections)
    {
        var size = EifLayout.HeaderSize + sections.Sum(section => (long)EifLayout.SectionHeaderSize + section.Content.Length);
        return size <= EifImage.MaxSize ? (int)size : throw new ImageException($"An enclave image has at most {EifImage.MaxSize} bytes; this one would have {size}.");
    }

    private static void WriteHeader(byte[] file, EifImage image, int sections)
    {
        EifLayout.Magic.CopyTo(file);
        BinaryPrimitives.WriteUInt16BigEndian(file.AsSpan(4), EifLayout.Version);
        BinaryPrimitives.WriteUInt16BigEndian(file.AsSpan(EifLayout.FlagsOffset), image.Arm64 ? EifLayout.Arm64 : (ushort)0);
        BinaryPrimitives.WriteUInt64BigEndian(file.AsSpan(EifLayout.MemoryOffset), image.DefaultMemory);
        BinaryPrimitives.WriteUInt64BigEndian(file.AsSpan(EifLayout.ProcessorsOffset), image.DefaultProcessors);
        BinaryPrimitives.WriteUInt16BigEndian(file.AsSpan(EifLayout.CountOffset), (ushort)sections);
        var crc = Crc32.Of(file.AsMemory(0, EifLayout.CrcOffset), file.AsMemory(EifLayout.HeaderSize));
        BinaryPrimitives.WriteUInt32BigEndian(file.AsSpan(EifLayout.CrcOffset), crc);
    }
}
