using System.CommandLine;
using KeyMeld.Cli.Commands.Adaptors;
using KeyMeld.Cli.Commands.Attestation;
using KeyMeld.Cli.Commands.Databases;
using KeyMeld.Cli.Commands.Enclaves;
using KeyMeld.Cli.Commands.Groups;
using KeyMeld.Cli.Commands.Images;
using KeyMeld.Cli.Commands.Keys;
using KeyMeld.Cli.Commands.Kms;
using KeyMeld.Cli.Commands.Operators;
using KeyMeld.Cli.Commands.Releases;
using KeyMeld.Cli.Commands.Signings;

namespace KeyMeld.Cli.Commands;

/// <summary>Every command of <c>keymeld</c>, in the order the help shows.</summary>
internal static class CommandTable
{
    public static IReadOnlyList<Command> All { get; } =
    [
        DemoCommand.Create(),
        UpCommand.Create(),
        DownCommand.Create(),
        StatusCommand.Create(),
        IdentityCommand.Create(),
        EnclaveCommand.Create(),
        OperatorCommand.Create(),
        DbCommand.Create(),
        AttestCommand.Create(),
        ReleaseCommand.Create(),
        EifCommand.Create(),
        KmsCommand.Create(),
        GroupCommand.Create(),
        SignCommand.Create(),
        DecideCommands.CreateApprove(),
        DecideCommands.CreateReject(),
        SigningCommand.Create(),
        CoSignCommand.Create(),
        VerifyCommand.Create(),
        KeyCommand.Create(),
        AdaptorCommand.Create(),
        TestKmsCommand.Create(),
        BenchCommand.Create(),
        LoadCommand.Create(),
        SoakCommand.Create(),
    ];
}
