using System.CommandLine;
using KeyMeld.Cli.Output;
using KeyMeld.Cli.Profiles;
using KeyMeld.Client;
using KeyMeld.Protocol.Errors;

namespace KeyMeld.Cli.Commands.Signings;

/// <summary><c>keymeld signing show|list|cancel</c></summary>
internal static class SigningCommand
{
    public static Command Create()
    {
        var command = new Command("signing", "Look at signings, and cancel one.");
        command.Subcommands.Add(DecideCommands.CreateReview());
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
        var command = profile.AddTo(new Command("show", "Show how a signing stands, with its verified signatures."));
        command.Arguments.Add(reference);
        command.Options.Add(wait);
        OutcomeFiles.AddTo(command);
        return command.Runs(async (parsed, cancellationToken) =>
        {
            using var session = profile.OpenSession(parsed);
            var named = SigningArgument.Read(parsed, reference);
            var outcome = await OutcomeOutput.WaitAsync(session.Client, named, parsed.GetValue(wait), cancellationToken);
            var names = session.Client.Signings.List().FirstOrDefault(known => known.Reference == named)?.Names ?? [];
            return OutcomeOutput.Print(outcome, names, OutcomeFiles.Of(parsed), waitingIsFine: false);
        });
    }

    private static Command List()
    {
        var profile = new ProfileArguments();
        var offline = new Option<bool>("--offline") { Description = "Do not ask the gateway: show the states last seen." };
        var command = profile.AddTo(new Command("list", "List the signings this profile requested or decided on, and how they stand."));
        command.Options.Add(offline);
        return command.Runs(async (parsed, cancellationToken) =>
        {
            using var session = profile.OpenSession(parsed);
            var labels = session.Client.Groups.List().ToDictionary(group => group.Id, group => group.Label);
            var known = session.Client.Signings.List();
            var states = await Task.WhenAll(known.Select(signing => StateAsync(session.Client, signing, parsed.GetValue(offline), cancellationToken)));
            Report.Table("signings", ["made", "expires", "group", "items", "state", "decision", "signing"], known.Zip(states).Select(pair => (IReadOnlyList<string?>)
            [
                $"{pair.First.Created:u}", $"{pair.First.Expires:u}", labels.GetValueOrDefault(pair.First.Reference.Group) ?? pair.First.Reference.Group.ToString(), $"{pair.First.Items}", pair.Second,
                pair.First.Requested ? "requested" : pair.First.Decision switch { true => "approved", false => "rejected", null => null }, pair.First.Reference.ToString(),
            ]));
            return 0;
        });
    }

    // Final states stay; one signing that cannot be asked about does not hide the others.
    private static async Task<string> StateAsync(KeyMeldClient client, SigningSummary known, bool offline, CancellationToken cancellationToken)
    {
        var seen = known.State.ToString().ToLowerInvariant();
        if (offline || known.State is not (SigningState.Waiting or SigningState.Running) || known.Reference.Gateway != client.Gateway)
        {
            return seen;
        }
        try
        {
            return (await client.Signings.StatusAsync(known.Reference, cancellationToken)).State.ToString().ToLowerInvariant();
        }
        catch (KeyMeldException exception)
        {
            return $"{seen}, now unknown: {exception.Code}";
        }
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
