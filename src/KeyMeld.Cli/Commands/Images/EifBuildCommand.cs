using System.CommandLine;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using KeyMeld.Cli.Commands.Releases;
using KeyMeld.Images.Eif;
using KeyMeld.Protocol.Errors;

namespace KeyMeld.Cli.Commands.Images;

/// <summary><c>keymeld eif build</c>: packs files into an enclave image.</summary>
internal static class EifBuildCommand
{
    private static readonly Option<string> Kernel = new("--kernel") { Description = "The kernel (bzImage).", Required = true };
    private static readonly Option<string?> CommandLine = new("--cmdline") { Description = "The kernel's command line." };
    private static readonly Option<string?> CommandLineFile = new("--cmdline-file") { Description = "A file with the command line; line ends at its end are left out." };
    private static readonly Option<string[]> Ramdisks = new("--ramdisk") { Description = "A ramdisk; repeated, in their order: the first boots, the others hold the application.", Required = true };
    private static readonly Option<string> Out = new("--out") { Description = "Where the image goes.", Required = true };
    private static readonly Option<bool> Arm = new("--arm64") { Description = "The kernel is for ARM processors." };
    private static readonly Option<string> Name = new("--name") { Description = "Name in the image's (unmeasured) metadata.", DefaultValueFactory = _ => "keymeld-enclave" };
    private static readonly Option<string> Version = new("--version-name") { Description = "Version there.", DefaultValueFactory = _ => "0" };
    private static readonly Option<string> KernelVersion = new("--kernel-version") { Description = "The kernel's version there.", DefaultValueFactory = _ => "unknown" };
    private static readonly Option<string?> Certificate = new("--certificate") { Description = "Sign the image with this certificate (PEM, P-384); PCR8 measures it." };
    private static readonly Option<string?> Key = new("--key") { Description = "The certificate's private key (PEM)." };

    public static Command Create()
    {
        var command = new Command("build", "Pack kernel, command line and ramdisks into an enclave image and print its measurements. Signed images differ in every build; their PCRs do not.");
        foreach (var option in (Option[])[Kernel, CommandLine, CommandLineFile, Ramdisks, Out, Arm, Name, Version, KernelVersion, Certificate, Key])
        {
            command.Options.Add(option);
        }
        return command.Runs((parsed, _) =>
        {
            var image = new EifImage
            {
                Arm64 = parsed.GetValue(Arm),
                Kernel = File.ReadAllBytes(parsed.GetValue(Kernel)!),
                CommandLine = ReadCommandLine(parsed),
                Metadata = new EifMetadata(parsed.GetValue(Name)!, parsed.GetValue(Version)!, parsed.GetValue(KernelVersion)!).ToBytes(),
                Ramdisks = [.. parsed.GetValue(Ramdisks)!.Select(path => (ReadOnlyMemory<byte>)File.ReadAllBytes(path))],
            };
            var bytes = EifCommand.Guard(() => EifWriter.Write(Sign(image, parsed.GetValue(Certificate), parsed.GetValue(Key))));
            // What goes out is what the strict reader reads.
            var read = EifCommand.Guard(() => EifReader.Read(bytes));
            File.WriteAllBytes(parsed.GetValue(Out)!, bytes);
            EifDescribeCommand.Print(read);
            return Task.FromResult(0);
        });
    }

    private static byte[] ReadCommandLine(ParseResult parsed)
    {
        var text = (parsed.GetValue(CommandLine), parsed.GetValue(CommandLineFile)) switch
        {
            ({ } given, null) => given,
            (null, { } path) => File.ReadAllText(path).TrimEnd('\r', '\n'),
            _ => throw new KeyMeldException(ErrorCodes.BadRequest, "Give the kernel's command line once: --cmdline or --cmdline-file."),
        };
        return text.All(letter => letter is >= ' ' and <= '~')
            ? Encoding.ASCII.GetBytes(text)
            : throw new KeyMeldException(ErrorCodes.ImageInvalid, "The kernel's command line is one line of printable ASCII.");
    }

    private static EifImage Sign(EifImage image, string? certificate, string? key)
    {
        if (certificate is null && key is null)
        {
            return image;
        }
        if (certificate is null || key is null)
        {
            throw new KeyMeldException(ErrorCodes.BadRequest, "A signed image needs both --certificate and --key.");
        }
        try
        {
            using var signer = X509Certificate2.CreateFromPem(File.ReadAllText(certificate));
            using var opened = SigningKeyFile.Open(key);
            return image.Sign(signer, opened);
        }
        catch (CryptographicException exception)
        {
            throw new KeyMeldException(ErrorCodes.ImageInvalid, $"{certificate} holds no certificate in PEM.", exception);
        }
    }
}
