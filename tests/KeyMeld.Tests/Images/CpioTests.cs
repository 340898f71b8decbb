using System.Diagnostics;
using KeyMeld.Images;
using KeyMeld.Images.Rootfs;

namespace KeyMeld.Tests.Images;

public class CpioTests
{
    private static readonly RootEntry[] Tree =
    [
        new RootEntry.Folder("/dev", 0x1ED, 0, 0),
        new RootEntry.Device("/dev/console", false, 5, 1, 0x180, 0, 0),
        new RootEntry.Folder("/etc", 0x1ED, 0, 0),
        new RootEntry.Regular("/etc/a", "hello\n"u8.ToArray(), 0x1A4, 0, 0),
        new RootEntry.Regular("/etc/empty", default, 0x100, 65534, 65534),
        new RootEntry.Link("/init", "etc/a", 0x1FF, 0, 0),
    ];

    [Fact]
    public void Equal_entries_give_equal_bytes_in_whatever_order_they_come()
    {
        var archive = CpioArchive.Write(Tree);
        Assert.Equal(archive, CpioArchive.Write(Tree.Reverse()));
        Assert.Equal(0, archive.Length % 512);
        Assert.Equal("070701" + "00000001" + "000041ed" + "00000000" + "00000000" + "00000002" + "00000000" + "00000000" + "00000000" + "00000000" + "00000000" + "00000000" + "00000004"
            + "00000000" + "dev\0\0\0", System.Text.Encoding.ASCII.GetString(archive, 0, 116));
    }

    [Fact]
    public async Task The_cpio_tool_reads_what_was_written()
    {
        Assert.SkipUnless(File.Exists("/usr/bin/cpio") || Environment.GetEnvironmentVariable("CI") == "true", "cpio is not installed.");
        var (exitCode, listing) = await CpioAsync(CpioArchive.Write(Tree), "-itv", "--numeric-uid-gid");
        Assert.Equal(0, exitCode);
        var lines = listing.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => string.Join(' ', line.Split(' ', StringSplitOptions.RemoveEmptyEntries))).ToList();
        Assert.Equal(6, lines.Count);
        Assert.Contains(lines, line => line.StartsWith("crw------- 1 0 0 5, 1 Jan 1 1970 dev/console", StringComparison.Ordinal));
        Assert.Contains(lines, line => line.StartsWith("-r-------- 1 65534 65534 0 Jan 1 1970 etc/empty", StringComparison.Ordinal));
        Assert.Contains(lines, line => line.EndsWith("init -> etc/a", StringComparison.Ordinal));
        Assert.Equal("hello\n", (await CpioAsync(CpioArchive.Write(Tree), "-i", "--to-stdout", "etc/a")).Output);
    }

    [Theory]
    [InlineData("etc/a")]
    [InlineData("/etc/")]
    [InlineData("/etc//a")]
    [InlineData("/etc/../a")]
    [InlineData("/etc/./a")]
    [InlineData("/other/a")]
    [InlineData("/etc/a/b")]
    [InlineData("/")]
    [InlineData("")]
    [InlineData("/TRAILER!!!")]
    [InlineData("/etc/a")]
    public void A_path_that_is_none_or_there_twice_or_in_no_folder_is_refused(string path) =>
        Assert.Throws<ImageException>(() => CpioArchive.Write([.. Tree, new RootEntry.Regular(path, default, 0, 0, 0)]));

    [Fact]
    public void A_list_reads_as_the_kernels_own_tool_reads_it()
    {
        string[] lines =
        [
            "# a comment", "", "dir /dev 0755 0 0", "nod /dev/console 0600 0 0 c 5 1   # the console", "dir  /etc 755 0 0", "file /etc/a source 0644 0 0", "slink /init etc/a 0777 0 0",
            "file /etc/empty none 0400 65534 65534",
        ];
        Assert.Equal(CpioArchive.Write(Tree), CpioArchive.Write(FileList.Parse(lines, name => name == "source" ? "hello\n"u8.ToArray() : [])));
    }

    [Theory]
    [InlineData("dir /dev 0755 0")]
    [InlineData("dir /dev 0755 0 0 0")]
    [InlineData("dir /dev 0855 0 0")]
    [InlineData("dir /dev 0755 -1 0")]
    [InlineData("dir /dev 0755 root root")]
    [InlineData("file /etc/a 0755 0 0")]
    [InlineData("nod /dev/console 0600 0 0 p 5 1")]
    [InlineData("nod /dev/console 0600 0 0 c 5 x")]
    [InlineData("pipe /dev/log 0600 0 0")]
    [InlineData("directory")]
    public void A_line_of_another_form_is_named(string line) =>
        Assert.Contains("Line 2", Assert.Throws<ImageException>(() => FileList.Parse(["dir /etc 0755 0 0", line], _ => [])).Message, StringComparison.Ordinal);

    [Fact]
    public void A_file_that_is_not_there_is_named() => Assert.Throws<ImageException>(() => FileList.Read("/nonexistent/list"));

    private static async Task<(int ExitCode, string Output)> CpioAsync(byte[] archive, params string[] arguments)
    {
        using var cpio = Process.Start(new ProcessStartInfo("/usr/bin/cpio", arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            Environment = { ["TZ"] = "UTC", ["LC_ALL"] = "C" },
        })!;
        var output = cpio.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await cpio.StandardInput.BaseStream.WriteAsync(archive, TestContext.Current.CancellationToken);
        cpio.StandardInput.Close();
        await cpio.WaitForExitAsync(TestContext.Current.CancellationToken);
        return (cpio.ExitCode, await output);
    }
}
