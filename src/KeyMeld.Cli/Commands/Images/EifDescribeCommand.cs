using System.CommandLine;
using System.Globalization;
using KeyMeld.Attestation;
using KeyMeld.Cli.Output;
using KeyMeld.Images.Eif;

namespace KeyMeld.Cli.Commands.Images;

/// <summary><c>keymeld eif describe</c>: what a hypervisor would measure of an image, in nitro-cli's form.</summary>
internal static class EifDescribeCommand
{
    private const int ImageVersion = 4;

    public static Command Create()
    {
        var file = new Argument<string>("FILE") { Description = "The image." };
        var command = new Command("describe", "Print an image's measurements; with --json as `nitro-cli describe-eif` does. Only of an image you built yourself do they say what is in it.");
        command.Arguments.Add(file);
        return command.Runs((parsed, _) =>
        {
            var path = parsed.GetValue(file)!;
            if (new FileInfo(path).Length > EifImage.MaxSize)
            {
                throw new IOException($"{path} has more than {EifImage.MaxSize} bytes.");
            }
            Print(EifCommand.Guard(() => EifReader.Read(File.ReadAllBytes(path))));
            return Task.FromResult(0);
        });
    }

    /// <summary>Prints an image that was read, so its CRC and signature were right.</summary>
    public static void Print(EifImage image)
    {
        var measurements = image.Measure();
        if (Report.Json)
        {
            Console.Out.WriteLine(JsonLine.Of(json =>
            {
                json.WriteNumber("EifVersion", ImageVersion);
                json.WriteStartObject("Measurements");
                json.WriteString("HashAlgorithm", PcrMath.HashAlgorithm);
                foreach (var (name, hex) in measurements.Registers())
                {
                    json.WriteString(name, hex);
                }
                json.WriteEndObject();
                json.WriteBoolean("IsSigned", image.Signature is not null);
                json.WriteBoolean("CheckCRC", true);
                if (image.Signature is not null)
                {
                    json.WriteBoolean("SignatureCheck", true);
                }
            }));
            return;
        }
        Report.Facts(
        [
            .. measurements.Registers().Select(register => (register.Name, (string?)register.Hex)),
            ("signed by", image.Signature?.Certificate.Subject ?? "nobody"),
            ("kernel", Bytes(image.Kernel)), ("command line", $"{System.Text.Encoding.ASCII.GetString(image.CommandLine.Span)}"),
            ("ramdisks", string.Join(", ", image.Ramdisks.Select(Bytes))), ("processor", image.Arm64 ? "arm64" : "x86_64"),
        ]);
    }

    private static string Bytes(ReadOnlyMemory<byte> part) => string.Create(CultureInfo.InvariantCulture, $"{part.Length} bytes");
}
