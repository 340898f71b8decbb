using System.Buffers.Binary;
using System.Text;
using CsCheck;
using KeyMeld.Attestation;
using KeyMeld.Images;
using KeyMeld.Images.Eif;

namespace KeyMeld.Tests.Images;

public class EifTests
{
    private static readonly Gen<ReadOnlyMemory<byte>> Part = Gen.Byte.Array[1, 200].Select(bytes => (ReadOnlyMemory<byte>)bytes);

    private static readonly Gen<EifImage> Images =
        from kernel in Part
        from commandLine in Part
        from metadata in Part
        from described in Gen.Bool
        from ramdisks in Part.Array[1, 5]
        from arm in Gen.Bool
        from memory in Gen.ULong
        from processors in Gen.ULong
        select new EifImage
        {
            Kernel = kernel,
            CommandLine = commandLine,
            Metadata = described ? (ReadOnlyMemory<byte>?)metadata : null,
            Ramdisks = ramdisks,
            Arm64 = arm,
            DefaultMemory = memory,
            DefaultProcessors = processors,
        };

    internal static EifImage Small => new() { Kernel = "KERNEL"u8.ToArray(), CommandLine = "reboot=k"u8.ToArray(), Ramdisks = ["boot"u8.ToArray(), "app"u8.ToArray()] };

    [Fact]
    public void Every_image_reads_as_it_was_written_and_equal_images_have_equal_bytes() => Images.Sample(image =>
    {
        var file = EifWriter.Write(image);
        var read = EifReader.Read(file);
        Assert.Equal((image.Arm64, image.DefaultMemory, image.DefaultProcessors), (read.Arm64, read.DefaultMemory, read.DefaultProcessors));
        Assert.Equal(image.Kernel.ToArray(), read.Kernel.ToArray());
        Assert.Equal(image.CommandLine.ToArray(), read.CommandLine.ToArray());
        Assert.Equal(image.Metadata?.ToArray(), read.Metadata?.ToArray());
        Assert.Equal(image.Ramdisks.Select(ramdisk => Convert.ToHexString(ramdisk.Span)), read.Ramdisks.Select(ramdisk => Convert.ToHexString(ramdisk.Span)));
        Assert.Equal(file, EifWriter.Write(read));
    }, iter: 300);

    [Fact]
    public void The_registers_are_those_of_the_concatenated_parts() => Images.Sample(image =>
    {
        byte[] Joined(IEnumerable<ReadOnlyMemory<byte>> parts) => [.. parts.SelectMany(part => part.ToArray())];
        var measured = image.Measure();
        Assert.Equal(PcrMath.OfContent(Joined([image.Kernel, image.CommandLine, .. image.Ramdisks])), measured.Pcr0.ToArray());
        Assert.Equal(PcrMath.OfContent(Joined([image.Kernel, image.CommandLine, image.Ramdisks[0]])), measured.Pcr1.ToArray());
        Assert.Equal(PcrMath.OfContent(Joined(image.Ramdisks.Skip(1))), measured.Pcr2.ToArray());
        Assert.Null(measured.Pcr8);
    }, iter: 200);

    [Fact]
    public void K15_wherever_bytes_move_between_ramdisks_PCR0_stays_and_PCR2_tells() => Gen.Select(Part, Part, Gen.Int[1, 200]).Sample((boot, app, bytes) =>
    {
        var moved = Math.Min(bytes, app.Length - 1);
        if (moved == 0)
            return;
        var before = Small with { Ramdisks = [boot, app] };
        var after = Small with { Ramdisks = [(byte[])[.. boot.Span, .. app.Span[..moved]], app[moved..]] };
        Assert.Equal(before.Measure().Pcr0.ToArray(), after.Measure().Pcr0.ToArray());
        Assert.NotEqual(before.Measure().Pcr1.ToArray(), after.Measure().Pcr1.ToArray());
        Assert.NotEqual(before.Measure().Pcr2.ToArray(), after.Measure().Pcr2.ToArray());
    }, iter: 200);

    [Fact]
    public void Every_changed_bit_of_a_file_is_noticed()
    {
        var file = EifWriter.Write(Small with { Metadata = "{}"u8.ToArray() });
        for (var i = 0; i < file.Length * 8; i++)
        {
            var changed = (byte[])file.Clone();
            changed[i / 8] ^= (byte)(1 << (i % 8));
            Assert.Throws<ImageException>(() => EifReader.Read(changed));
        }
    }

    [Fact]
    public void K20_a_file_cut_or_lengthened_anywhere_is_refused()
    {
        var file = EifWriter.Write(Small);
        Assert.All(Enumerable.Range(0, file.Length), length => Assert.Throws<ImageException>(() => EifReader.Read(file.AsMemory(0, length))));
        Assert.Throws<ImageException>(() => EifReader.Read(Repaired([.. file, 0])));
    }

    [Theory]
    [InlineData(0, 0x2f, "version")]
    [InlineData(5, 3, "version")]
    [InlineData(5, 5, "version")]
    [InlineData(7, 2, "reserved")]
    [InlineData(6, 1, "reserved")]
    [InlineData(25, 1, "reserved")]
    [InlineData(540, 1, "reserved")]
    [InlineData(27, 33, "at most 32")]
    [InlineData(26, 1, "at most 32")]
    [InlineData(27, 3, "does not count")]
    [InlineData(27, 5, "does not lie")]
    [InlineData(28 + 7, 0x25, "does not lie")]
    [InlineData(28 + 8 + 7, 0x00, "does not lie")]
    [InlineData(284 + 7, 0xff, "reaches behind")]
    [InlineData(284, 0x80, "reaches behind")]
    [InlineData(284 + 7, 5, "disagree")]
    [InlineData(549, 2, "in this order")]
    [InlineData(549, 0, "in this order")]
    [InlineData(549, 6, "in this order")]
    [InlineData(551, 1, "disagree")]
    public void K20_a_field_that_says_something_else_is_refused_though_the_CRC_is_right(int offset, byte value, string why)
    {
        var file = EifWriter.Write(Small);
        file[offset] = value;
        Assert.Contains(why, Assert.Throws<ImageException>(() => EifReader.Read(Repaired(file))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_wrong_CRC_is_named()
    {
        var file = EifWriter.Write(Small);
        file[^1] ^= 1;
        Assert.Contains("CRC", Assert.Throws<ImageException>(() => EifReader.Read(file)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Sections_in_another_order_are_refused()
    {
        // Equal sizes, so that only the order changes: command line before kernel, ramdisk before metadata.
        var image = new EifImage { Kernel = "AAAA"u8.ToArray(), CommandLine = "BBBB"u8.ToArray(), Metadata = "CCCC"u8.ToArray(), Ramdisks = ["DDDD"u8.ToArray()] };
        var file = EifWriter.Write(image);
        int Type(int section) => EifLayout.HeaderSize + (section * 16) + 1;
        foreach (var (first, second) in ((int, int)[])[(0, 1), (1, 2), (2, 3), (0, 3)])
        {
            var changed = (byte[])file.Clone();
            (changed[Type(first)], changed[Type(second)]) = (changed[Type(second)], changed[Type(first)]);
            Assert.Throws<ImageException>(() => EifReader.Read(Repaired(changed)));
        }
        Assert.Equal(file, EifWriter.Write(EifReader.Read(Repaired(file))));
    }

    [Fact]
    public void An_image_without_a_part_is_not_written()
    {
        EifImage[] wrong =
        [
            Small with { Kernel = default }, Small with { CommandLine = default }, Small with { Ramdisks = [] }, Small with { Ramdisks = ["x"u8.ToArray(), default] },
            Small with { Ramdisks = [.. Enumerable.Repeat((ReadOnlyMemory<byte>)"x"u8.ToArray(), 31)] },
        ];
        Assert.All(wrong, image => Assert.Throws<ImageException>(() => EifWriter.Write(image)));
    }

    [Fact]
    public void Metadata_has_every_member_nitro_cli_asks_for_and_nothing_of_its_time_or_place()
    {
        var metadata = new EifMetadata("keymeld-enclave", "1.0", "6.12");
        using var json = System.Text.Json.JsonDocument.Parse(metadata.ToBytes());
        Assert.Equal(["ImageName", "ImageVersion", "BuildMetadata", "DockerInfo", "CustomMetadata"], json.RootElement.EnumerateObject().Select(member => member.Name));
        Assert.Equal(["BuildTime", "BuildTool", "BuildToolVersion", "OperatingSystem", "KernelVersion"],
            json.RootElement.GetProperty("BuildMetadata").EnumerateObject().Select(member => member.Name));
        Assert.Equal(metadata.ToBytes(), new EifMetadata("keymeld-enclave", "1.0", "6.12").ToBytes());
    }

    [Fact]
    public void The_CRC_is_the_one_of_IEEE() => Assert.Equal(0xCBF43926, Crc32.Of(Encoding.ASCII.GetBytes("1234"), Encoding.ASCII.GetBytes("56789")));

    internal static byte[] Repaired(byte[] file)
    {
        var copy = (byte[])file.Clone();
        var crc = Crc32.Of(copy.AsMemory(0, EifLayout.CrcOffset), copy.AsMemory(EifLayout.HeaderSize));
        BinaryPrimitives.WriteUInt32BigEndian(copy.AsSpan(EifLayout.CrcOffset), crc);
        return copy;
    }
}
