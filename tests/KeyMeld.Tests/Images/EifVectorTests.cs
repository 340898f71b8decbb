using KeyMeld.Images.Eif;
using KeyMeld.Tests.Support;

namespace KeyMeld.Tests.Images;

/// <summary>The synthetic images beside the project: what the hypervisor would measure of them.</summary>
public class EifVectorTests
{
    [Fact]
    public void Every_image_measures_as_the_vectors_say_and_is_written_back_to_the_byte()
    {
        var cases = 0;
        foreach (var expected in Vectors.Json("eif", "expected.json").GetProperty("cases").EnumerateArray())
        {
            var file = Vectors.Bytes("eif", expected.GetProperty("file").GetString()!);
            var image = EifReader.Read(file);
            Assert.All(image.Measure().Registers(), register => Assert.Equal(expected.GetProperty(register.Name).GetString(), register.Hex));
            Assert.Equal(["PCR0", "PCR1", "PCR2"], image.Measure().Registers().Select(register => register.Name));
            Assert.Equal(file, EifWriter.Write(image));
            cases++;
        }
        Assert.Equal(4, cases);
    }

    [Fact]
    public void K15_bytes_moved_between_the_ramdisks_show_in_PCR1_and_PCR2_and_not_in_PCR0()
    {
        var (before, after) = (Measure("base.eif"), Measure("shift_ramdisk0_ramdisk1_boundary.eif"));
        Assert.Equal(before.Pcr0.ToArray(), after.Pcr0.ToArray());
        Assert.NotEqual(before.Pcr1.ToArray(), after.Pcr1.ToArray());
        Assert.NotEqual(before.Pcr2.ToArray(), after.Pcr2.ToArray());
    }

    [Fact]
    public void K15_metadata_and_the_border_between_kernel_and_command_line_show_in_no_register()
    {
        var before = Measure("base.eif").Registers();
        Assert.Equal(before, Measure("metadata_changed.eif").Registers());
        Assert.Equal(before, Measure("shift_kernel_cmdline_boundary.eif").Registers());
    }

    private static EifMeasurements Measure(string name) => EifReader.Read(Vectors.Bytes("eif", name)).Measure();
}
