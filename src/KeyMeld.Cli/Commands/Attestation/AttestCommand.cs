using System.CommandLine;

namespace KeyMeld.Cli.Commands.Attestation;

/// <summary><c>keymeld attest</c>: attestation documents.</summary>
internal static class AttestCommand
{
    public static Command Create()
    {
        var command = new Command("attest", "Attestation documents of Nitro enclaves.");
        command.Subcommands.Add(AttestVerifyCommand.Create());
        return command;
    }
}
