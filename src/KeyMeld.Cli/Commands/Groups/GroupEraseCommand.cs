using System.CommandLine;
using KeyMeld.Cli.Output;
using KeyMeld.Cli.Profiles;

namespace KeyMeld.Cli.Commands.Groups;

/// <summary><c>keymeld group erase</c>: the creator's before the group is formed, a member's own sealed key afterwards.</summary>
internal static class GroupEraseCommand
{
    public static Command Create()
    {
        var profile = new ProfileArguments();
        var group = new Argument<string>("group") { Description = "Label, or id (at least 8 hex digits)." };
        var own = new Option<bool>("--own-key") { Description = "Erase your own sealed key of a formed group: it can never sign with it again unless you kept the key." };
        var yes = new Option<bool>("--yes") { Description = "Erase without asking." };
        var command = profile.AddTo(new Command("erase", "Erase a group that is not formed yet, or your own sealed key of a formed one."));
        command.Arguments.Add(group);
        command.Options.Add(own);
        command.Options.Add(yes);
        return command.Runs(async (parsed, cancellationToken) =>
        {
            using var session = profile.OpenSession(parsed);
            var known = session.Client.Groups.Find(parsed.GetValue(group)!);
            var ownKey = parsed.GetValue(own);
            if (!Confirm.Ask(parsed.GetValue(yes), ownKey ? $"Erase your sealed key of {known.Label}? The group cannot sign without it." : $"Erase {known.Label}?"))
            {
                return 1;
            }
            await (ownKey ? session.Client.Groups.EraseOwnKeyAsync(known.Id, cancellationToken) : session.Client.Groups.EraseAsync(known.Id, cancellationToken));
            Report.Facts(("group", known.Id.ToString()), ("state", ownKey ? "own key erased" : "erased"));
            return 0;
        });
    }
}
