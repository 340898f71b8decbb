using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using KeyMeld.DevKit.Nsm;

namespace KeyMeld.Tests.DevKit.Nsm;

public sealed class MeasurementTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("keymeld-measure-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void It_is_what_its_documentation_says()
    {
        var binaries = Binaries("bin", ("b.dll", "two"), ("a.dll", "one"), ("x/c.so", ""));
        var configuration = Configuration("mode: development");
        byte[] folder = [.. U32(3), .. Entry("a.dll", "one"), .. Entry("b.dll", "two"), .. Entry("x/c.so", "")];
        var expected = new Measurement(Measure([.. folder, .. "mode: development"u8]), Measure(folder), Measure("mode: development"u8));
        Assert.Equal(expected, Measurement.Of(binaries, configuration));
    }

    [Fact]
    public void The_same_content_elsewhere_measures_the_same_and_anything_else_does_not()
    {
        var configuration = Configuration("c");
        var reference = Measurement.Of(Binaries("one", ("a", "1"), ("b", "2")), configuration);
        Assert.Equal(reference, Measurement.Of(Binaries("two", ("b", "2"), ("a", "1")), configuration));
        (string, string)[][] others =
        [
            [("a", "1"), ("b", "3")],
            [("a", "1"), ("c", "2")],
            [("a", "1")],
            [("a", "1"), ("b", "2"), ("c", "")],
            [("a", "12"), ("b", "")],
            [("a", "1"), ("b/b", "2")],
            [(".hidden", ""), ("a", "1"), ("b", "2")],
        ];
        var measured = others.Select((files, i) => Measurement.Of(Binaries($"other{i}", files), configuration)).ToArray();
        Assert.Equal(others.Length, measured.Select(one => one.Pcr1).Append(reference.Pcr1).Distinct().Count() - 1);
        Assert.Equal(others.Length, measured.Select(one => one.Pcr0).Append(reference.Pcr0).Distinct().Count() - 1);
        Assert.All(measured, one => Assert.Equal(reference.Pcr2, one.Pcr2));
    }

    [Fact]
    public void A_symbolic_link_is_refused_because_its_target_would_not_be_measured()
    {
        var binaries = Binaries("bin", ("a", "1"));
        File.CreateSymbolicLink(Path.Combine(binaries, "link"), "/etc/hostname");
        Assert.Contains("link", Assert.Throws<IOException>(() => Measurement.Of(binaries, Configuration("c"))).Message, StringComparison.Ordinal);
        File.Delete(Path.Combine(binaries, "link"));
        Directory.CreateSymbolicLink(Path.Combine(binaries, "folder"), "/etc");
        Assert.Throws<IOException>(() => Measurement.Of(binaries, Configuration("c")));
    }

    [Fact]
    public void What_is_missing_is_no_measurement()
    {
        Assert.Throws<DirectoryNotFoundException>(() => Measurement.Of(Path.Combine(_folder, "none"), Configuration("c")));
        Assert.Throws<FileNotFoundException>(() => Measurement.Of(Binaries("bin", ("a", "1")), Path.Combine(_folder, "none.yaml")));
    }

    [Fact]
    public void A_measurement_names_a_release()
    {
        const string arn = "arn:aws:kms:us-west-2:000000000000:key/1234abcd-12ab-34cd-56ef-1234567890ab";
        var measured = Measurement.Of(Binaries("bin", ("a", "1")), Configuration("c"));
        var release = measured.ToRelease(arn);
        Assert.Equal((measured.Pcr0, measured.Pcr1, measured.Pcr2, arn), (release.Pcr0, release.Pcr1, release.Pcr2, release.KmsKeyArn));
    }

    private static string Measure(ReadOnlySpan<byte> content) => Convert.ToHexStringLower(SHA384.HashData([.. new byte[48], .. SHA384.HashData(content)]));

    private static byte[] Entry(string path, string content)
    {
        var length = new byte[8];
        BinaryPrimitives.WriteInt64BigEndian(length, content.Length);
        return [.. U32(path.Length), .. Encoding.UTF8.GetBytes(path), .. length, .. Encoding.UTF8.GetBytes(content)];
    }

    private static byte[] U32(int value)
    {
        var bytes = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(bytes, value);
        return bytes;
    }

    private string Configuration(string content)
    {
        var path = Path.Combine(_folder, "enclave.yaml");
        File.WriteAllText(path, content);
        return path;
    }

    private string Binaries(string name, params (string Path, string Content)[] files)
    {
        var folder = Path.Combine(_folder, name);
        foreach (var (path, content) in files)
        {
            var full = Path.Combine(folder, path);
            Directory.CreateDirectory(Path.GetDirectoryName(full)!);
            File.WriteAllText(full, content);
        }
        return folder;
    }
}
