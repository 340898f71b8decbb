using System.CommandLine;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using KeyMeld.Attestation;
using KeyMeld.Cli.Profiles;
using KeyMeld.Protocol.Errors;

namespace KeyMeld.Cli.Commands.Releases;

/// <summary><c>keymeld release sign</c>: states a build and signs the statement.</summary>
internal static class ReleaseSignCommand
{
    private const int MaxConfiguration = 64 * 1024;
    private readonly static Option<string> Measurements = new("--measurements")
    {
        Description = "The image's PCRs, as `keymeld eif describe --json` or `nitro-cli describe-eif` prints them, of an image you built yourself.",
        Required = true,
    };

    private readonly static Option<string> Configuration = new("--config") { Description = "The enclave's configuration file, as it lies in the image.", Required = true };
    private readonly static Option<string> KmsKey = new("--kms-key") { Description = "The ARN of the KMS key that the configuration names.", Required = true };
    private readonly static Option<string> Version = new("--version-name") { Description = "The release's version.", Required = true };
    private readonly static Option<string> Key = new("--key") { Description = "The releaser's private key (PEM, P-384).", Required = true };
    private readonly static Option<string> Out = new("--out") { Description = "Where the manifest goes; its signature goes to FILE.sig.", Required = true };
    private readonly static Option<DateTimeOffset?> Created = new("--created") { Description = "The manifest's time; now without it." };

    public static Command Create()
    {
        var command = new Command("sign", "State a build's PCRs, KMS key and configuration, and sign that.");
        foreach (var option in (Option[])[Measurements, Configuration, KmsKey, Version, Key, Created, Out])
        {
            command.Options.Add(option);
        }
        return command.Runs((parsed, _) =>
        {
            var manifest = Manifest(parsed);
            var bytes = manifest.ToBytes();
            using var key = SigningKeyFile.Open(parsed.GetValue(Key)!);
            var signed = new SignedRelease(bytes, key.SignData(bytes, HashAlgorithmName.SHA384, DSASignatureFormat.Rfc3279DerSequence));
            var releaser = ReleaserKey.Of(key);
            // What goes out is what a client will accept.
            signed.Verify(releaser);
            var path = parsed.GetValue(Out)!;
            File.WriteAllBytes(path, bytes);
            File.WriteAllBytes(ReleaseFile.SignaturePath(path), signed.Signature.Span);
            ReleaseCommand.Print(manifest, ("manifest", path), ("signature", ReleaseFile.SignaturePath(path)), ("releaser", releaser.Fingerprint));
            return Task.FromResult(0);
        });
    }

    private static ReleaseManifest Manifest(ParseResult parsed)
    {
        var (arn, configuration) = (parsed.GetValue(KmsKey)!, SmallFile.Read(parsed.GetValue(Configuration)!, MaxConfiguration));
        if (configuration.AsSpan().IndexOf(Encoding.UTF8.GetBytes(arn)) < 0)
        {
            throw new KeyMeldException(ErrorCodes.ReleaseInvalid, $"The configuration does not name the KMS key {arn}: no enclave of this image would use it.");
        }
        var created = parsed.GetValue(Created) ?? TimeProvider.System.GetUtcNow();
        try
        {
            using var document = JsonDocument.Parse(SmallFile.Read(parsed.GetValue(Measurements)!, MaxConfiguration));
            var pcrs = document.RootElement.GetProperty("Measurements");
            string Pcr(string name) => pcrs.GetProperty(name).GetString()!;
            var release = new Release(Pcr("PCR0"), Pcr("PCR1"), Pcr("PCR2"), arn) { ConfigurationDigest = Convert.ToHexStringLower(SHA256.HashData(configuration)) };
            return new ReleaseManifest(parsed.GetValue(Version)!, created.AddTicks(-(created.Ticks % TimeSpan.TicksPerSecond)), release);
        }
        catch (Exception exception) when (exception is JsonException or KeyNotFoundException or InvalidOperationException or ArgumentException or ReleaseException)
        {
            throw new KeyMeldException(ErrorCodes.ReleaseInvalid, $"That is no release to sign: {exception.Message}", exception);
        }
    }
}
