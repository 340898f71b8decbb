using System.CommandLine;
using KeyMeld.Attestation;
using KeyMeld.Cli.Output;
using KeyMeld.Cli.Profiles;

namespace KeyMeld.Cli.Commands.Releases;

/// <summary><c>keymeld release</c>: what a releaser says of a build, signed.</summary>
internal static class ReleaseCommand
{
    public static Command Create()
    {
        var command = new Command("release", "Release manifests: the PCRs, KMS key and configuration of a build, signed by its releaser.");
        command.Subcommands.Add(Key());
        command.Subcommands.Add(ReleaseSignCommand.Create());
        command.Subcommands.Add(Show());
        command.Subcommands.Add(Verify());
        return command;
    }

    private static Command Key()
    {
        var file = new Option<string>("--out") { Description = "Where the private key goes; its public half goes to FILE.pub.", Required = true };
        var ask = new Option<bool>("--passphrase") { Description = "Ask for a passphrase that encrypts it (or set KEYMELD_PASSPHRASE)." };
        var command = new Command("key", "Make a releaser's key (ECDSA on P-384). One of openssl, or of a token that signs as openssl does, is as good.");
        command.Options.Add(file);
        command.Options.Add(ask);
        return command.Runs((parsed, _) =>
        {
            var path = parsed.GetValue(file)!;
            using var passphrase = Passphrase.Ask(parsed.GetValue(ask), "Passphrase for the new key: ");
            var made = SigningKeyFile.Create(path, passphrase.Bytes);
            File.WriteAllText(path + ".pub", made.ToPem());
            Report.Facts(("private key", path), ("encrypted", passphrase.Bytes.IsEmpty ? "no" : "yes"), ("public key", path + ".pub"), ("fingerprint", made.Fingerprint));
            Report.Say("Publish the public key and its fingerprint; clients trust what it signs (--releaser).");
            return Task.FromResult(0);
        });
    }

    private static Command Show()
    {
        var file = new Argument<string>("FILE") { Description = "The manifest." };
        var command = new Command("show", "Show a manifest. Nothing is verified; `verify` does that.");
        command.Arguments.Add(file);
        return command.Runs((parsed, _) =>
        {
            Print(ReleaseFile.ReadUnverified(parsed.GetValue(file)!), ("signature", "not checked"));
            return Task.FromResult(0);
        });
    }

    private static Command Verify()
    {
        var file = new Argument<string>("FILE") { Description = "The manifest; its signature lies in FILE.sig." };
        var releaser = new Option<string>("--releaser") { Description = "The releaser's public key (PEM), from somebody you trust.", Required = true };
        var command = new Command("verify", "Verify a manifest's signature and show it. Exit code 0 only if it is the releaser's.");
        command.Arguments.Add(file);
        command.Options.Add(releaser);
        return command.Runs((parsed, _) =>
        {
            var key = ReleaseFile.ReadReleaser(parsed.GetValue(releaser)!);
            Print(ReleaseFile.ReadSigned(parsed.GetValue(file)!, key), ("signature", "valid"), ("releaser", key.Fingerprint));
            return Task.FromResult(0);
        });
    }

    internal static void Print(ReleaseManifest manifest, params (string Name, string? Value)[] more) => Report.Facts(
    [
        ("version", manifest.Version), ("created", $"{manifest.Created:u}"),
        ("pcr0", manifest.Release.Pcr0), ("pcr1", manifest.Release.Pcr1), ("pcr2", manifest.Release.Pcr2),
        ("kms key", manifest.Release.KmsKeyArn), ("configuration digest", manifest.ConfigurationDigest), .. more,
    ]);
}
