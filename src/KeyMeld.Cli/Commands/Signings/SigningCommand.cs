using System.CommandLine;
using KeyMeld.Cli.Output;
using KeyMeld.Cli.Profiles;

namespace KeyMeld.Cli.Commands.Signings;

/// <summary><c>keymeld signing show|list|cancel</c></summary>
internal static class SigningCommand
{
    public static Command Create()
    {
        var command = new Command("signing", "Look at signings, and cancel one.");
        command.Subcommands.Add(Show());
        command.Subcommands.Add(List());
        command.Subcommands.Add(Cancel());
        return command;
    }

    private static Command Show()
    {
        var profile = new ProfileArguments();
        var reference = SigningArgument.Create();
        var wait = new Option<int>("--wait") { Description = "Seconds to wait for the signatures." };
        var folder = new Option<string?>("--out") { Description = "Write each signature to a file in this folder." };
        var command = profile.AddTo(new Command("show", "Show how a signing stands, with its verified signatures."));
        command.Arguments.Add(reference);
        command.Options.Add(wait);
        command.Options.Add(folder);
        return command.Runs(async (parsed, cancellationToken) =>
        {
            using var session = profile.OpenSession(parsed);
            var named = SigningArgument.Read(parsed, reference);
            var outcome = await OutcomeOutput.WaitAsync(session.Client, named, parsed.GetValue(wait), cancellationToken);
            var names = session.Client.Signings.List().FirstOrDefault(known => known.Reference == named)?.Names ?? [];
            return OutcomeOutput.Print(outcome, names, parsed.GetValue(folder), waitingIsFine: false);
        });
    }

    private static Command List()
    {
        var profile = new ProfileArguments();
        return profile.AddTo(new Command("list", "List the signings this profile requested or looked at.")).Runs((parsed, _) =>
        {
            using var session = profile.OpenSession(parsed);
            Report.Table("signings", ["made", "state", "decision", "signing"], session.Client.Signings.List().Select(known => (IReadOnlyList<string?>)
            [
                $"{known.Created:u}", known.State.ToString().ToLowerInvariant(), known.Requested ? "requested" : known.Decision switch { true => "approved", false => "rejected", null => null }, known.Reference.ToString(),
            ]));
            return Task.FromResult(0);
        });
    }

    private static Command Cancel()
    {
        var profile = new ProfileArguments();
        var reference = SigningArgument.Create();
        var command = profile.AddTo(new Command("cancel", "Take back a request of your own."));
        command.Arguments.Add(reference);
        return command.Runs(async (parsed, cancellationToken) =>
        {
            using var session = profile.OpenSession(parsed);
            var outcome = await session.Client.Signings.CancelAsync(SigningArgument.Read(parsed, reference), cancellationToken);
            Report.Facts(("signing", outcome.Reference.ToString()), ("state", outcome.State.ToString().ToLowerInvariant()));
            return 0;
        });
    }
}
