using System.CommandLine;
using KeyMeld.Cli.Output;
using KeyMeld.Images;
using KeyMeld.Images.Rootfs;
using KeyMeld.Protocol.Errors;

namespace KeyMeld.Cli.Commands.Images;

/// <summary><c>keymeld eif</c>: enclave images and the ramdisks in them.</summary>
internal static class EifCommand
{
    public static Command Create()
    {
        var command = new Command("eif", "Enclave images: ramdisks, images, their measurements. Equal inputs give equal bytes.");
        command.Subcommands.Add(Rootfs());
        command.Subcommands.Add(EifBuildCommand.Create());
        command.Subcommands.Add(EifDescribeCommand.Create());
        return command;
    }

    /// <summary>What the image library refuses becomes <c>image_invalid</c>.</summary>
    public static T Guard<T>(Func<T> work)
    {
        try
        {
            return work();
        }
        catch (ImageException exception)
        {
            throw new KeyMeldException(ErrorCodes.ImageInvalid, exception.Message, exception);
        }
    }

    private static Command Rootfs()
    {
        var list = new Argument<string>("LIST") { Description = "What it holds, a line each: dir NAME MODE UID GID; file NAME SOURCE MODE UID GID; slink; nod (the kernel's gen_init_cpio format)." };
        var output = new Option<string>("--out") { Description = "Where the ramdisk goes.", Required = true };
        var command = new Command("rootfs", "Write a ramdisk: a cpio archive with sorted entries, no times and the owners the list says.");
        command.Arguments.Add(list);
        command.Options.Add(output);
        return command.Runs((parsed, _) =>
        {
            var entries = Guard(() => FileList.Read(parsed.GetValue(list)!));
            var archive = Guard(() => CpioArchive.Write(entries));
            File.WriteAllBytes(parsed.GetValue(output)!, archive);
            Report.Facts(("ramdisk", parsed.GetValue(output)), ("entries", $"{entries.Count}"), ("bytes", $"{archive.Length}"),
                ("sha384", Convert.ToHexStringLower(System.Security.Cryptography.SHA384.HashData(archive))));
            return Task.FromResult(0);
        });
    }
}
