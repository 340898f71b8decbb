using System.Buffers.Binary;
using System.Security.Cryptography;
using KeyMeld.Attestation;
using KeyMeld.Tests.Support;

namespace KeyMeld.Tests.Attestation;

public class PcrMathTests
{
    [Fact]
    public void The_registers_of_every_image_are_those_of_the_vectors()
    {
        var cases = Images().ToArray();
        Assert.Equal(4, cases.Length);
        Assert.All(cases, image => Assert.Equal(image.Expected, Measure(image.File)));
    }

    [Fact]
    public void K15_bytes_moved_between_parts_keep_PCR0_so_that_only_all_three_together_name_a_release()
    {
        const string arn = "arn:aws:kms:us-west-2:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";
        var original = Measure("base.eif");
        var shifted = Measure("shift_ramdisk0_ramdisk1_boundary.eif");
        Assert.Equal(original.Pcr0, shifted.Pcr0);
        var released = new Release(original.Pcr0, original.Pcr1, original.Pcr2, arn);
        Assert.True(released.Matches(PcrsOf(original), arn));
        Assert.False(released.Matches(PcrsOf(shifted), arn));
    }

    [Fact]
    public void Extending_is_SHA384_over_the_old_value_and_the_data()
    {
        var once = PcrMath.Extend(PcrMath.Zero, [1, 2, 3]);
        Assert.Equal(SHA384.HashData([.. new byte[48], 1, 2, 3]), once);
        Assert.Equal(SHA384.HashData([.. once, 4]), PcrMath.Extend(once, [4]));
        Assert.Equal(PcrMath.Extend(PcrMath.Zero, SHA384.HashData([9])), PcrMath.OfContent([9]));
        Assert.Equal(PcrMath.Extend(PcrMath.Zero, "i-0"u8), PcrMath.OfText("i-0"));
    }

    [Fact]
    public void Registers_and_digests_of_another_size_are_refused()
    {
        Assert.Throws<ArgumentException>(() => PcrMath.Extend(new byte[47], []));
        Assert.Throws<ArgumentException>(() => PcrMath.OfDigest(new byte[32]));
        Assert.Throws<ArgumentException>(() => PcrMath.OfImage(default, default, []));
    }

    private static IEnumerable<(string File, (string, string, string) Expected)> Images() =>
        Vectors.Json("eif", "expected.json").GetProperty("cases").EnumerateArray().Select(item =>
            (item.GetProperty("file").GetString()!,
                (item.GetProperty("PCR0").GetString()!, item.GetProperty("PCR1").GetString()!, item.GetProperty("PCR2").GetString()!)));

    private static (string Pcr0, string Pcr1, string Pcr2) Measure(string file)
    {
        var sections = Sections(Vectors.Bytes("eif", file)).ToLookup(section => section.Type, section => (ReadOnlyMemory<byte>)section.Content);
        var (pcr0, pcr1, pcr2) = PcrMath.OfImage(sections[1].Single(), sections[2].Single(), [.. sections[3]]);
        return (Convert.ToHexStringLower(pcr0), Convert.ToHexStringLower(pcr1), Convert.ToHexStringLower(pcr2));
    }

    /// <summary>
    /// The layout of an enclave image file: a header of 548 bytes with up to 32 offsets at 28; each section has 12 bytes of type, flags and size before its
    /// content.
    /// </summary>
    private static IEnumerable<(int Type, byte[] Content)> Sections(byte[] image)
    {
        Assert.Equal(".eif"u8.ToArray(), image[..4]);
        var count = BinaryPrimitives.ReadUInt16BigEndian(image.AsSpan(26));
        for (var i = 0; i < count; i++)
        {
            var at = checked((int)BinaryPrimitives.ReadUInt64BigEndian(image.AsSpan(28 + 8 * i)));
            var size = checked((int)BinaryPrimitives.ReadUInt64BigEndian(image.AsSpan(at + 4)));
            yield return (BinaryPrimitives.ReadUInt16BigEndian(image.AsSpan(at)), image[(at + 12)..(at + 12 + size)]);
        }
    }

    private static Pcrs PcrsOf((string Pcr0, string Pcr1, string Pcr2) image) => new(new Dictionary<int, byte[]>
    {
        [0] = Convert.FromHexString(image.Pcr0),
        [1] = Convert.FromHexString(image.Pcr1),
        [2] = Convert.FromHexString(image.Pcr2),
    });
}
