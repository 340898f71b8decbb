using System.CommandLine;

namespace KeyMeld.Cli.Commands.Adaptors;

/// <summary><c>keymeld adaptor …</c>: points and their secrets, proofs, and what is done with a pre-signature. Only <c>challenge</c> needs a group; the rest is offline.</summary>
internal static class AdaptorCommand
{
    public static Command Create()
    {
        var command = new Command("adaptor", "Points, proofs and pre-signatures.");
        command.Subcommands.Add(PointCommands.CreateNew());
        command.Subcommands.Add(PointCommands.CreatePoint());
        command.Subcommands.Add(ProofCommands.CreateChallenge());
        command.Subcommands.Add(ProofCommands.CreateProve());
        command.Subcommands.Add(PreSignatureCommands.CreateVerify());
        command.Subcommands.Add(PreSignatureCommands.CreateAdapt());
        command.Subcommands.Add(PreSignatureCommands.CreateExtract());
        command.Subcommands.Add(PreSignatureCommands.CreateConvert());
        return command;
    }
}
