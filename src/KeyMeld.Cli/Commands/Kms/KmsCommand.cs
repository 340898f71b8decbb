using System.CommandLine;
using KeyMeld.Attestation;
using KeyMeld.Cli.Profiles;

namespace KeyMeld.Cli.Commands.Kms;

/// <summary><c>keymeld kms policy|lint|doctor</c>: an operator's tools for the KMS key.</summary>
internal static class KmsCommand
{
    public static Command Create()
    {
        var command = new Command("kms", "Write and check the policies of the KMS key, and find out why enclaves have no key.");
        command.Subcommands.Add(KmsPolicyCommand.Create());
        command.Subcommands.Add(KmsLintCommand.Create());
        command.Subcommands.Add(KmsDoctorCommand.Create());
        return command;
    }

    /// <summary><c>--release FILE</c>, as often as there are releases.</summary>
    public static Option<string[]> ReleaseOption(bool required) => new("--release")
    {
        Description = "File with a release: its measurements and KMS key. May be repeated: while an update runs, the old and the new.",
        Required = required,
    };

    /// <summary><c>--releaser PEM</c>.</summary>
    public static Option<string?> ReleaserOption() => new("--releaser") { Description = "The releaser's public key (PEM): only releases it signed are accepted." };

    /// <summary>Reads the releases that were named.</summary>
    public static IReadOnlyList<Release> Read(string[] files, string? releaser)
    {
        var key = releaser is null ? null : ReleaseFile.ReadReleaser(releaser);
        return [.. files.Select(path => ReleaseFile.Read(path, key))];
    }
}
