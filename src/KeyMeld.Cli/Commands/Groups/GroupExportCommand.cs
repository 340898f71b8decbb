using System.CommandLine;
using KeyMeld.Cli.Output;
using KeyMeld.Cli.Profiles;
using KeyMeld.Client;

namespace KeyMeld.Cli.Commands.Groups;

/// <summary><c>keymeld group export</c>: what a member keeps apart from everything else, to form the group anew with the same keys.</summary>
internal static class GroupExportCommand
{
    public static Command Create()
    {
        var profile = new ProfileArguments();
        var group = new Argument<string>("group") { Description = "Label, or id (at least 8 hex digits)." };
        var file = new Option<string>("--out") { Description = "The file for the record: keys, tweaks, subsets, approval rule. No secret, but nothing for the gateway either.", Required = true };
        var key = new Option<string?>("--key-out") { Description = "A new file for your member key, where this profile generated it. SECRET: whoever reads it has your share." };
        var command = profile.AddTo(new Command("export", "Write down a verified group, and your key of it, so that it can be formed anew elsewhere."));
        command.Arguments.Add(group);
        command.Options.Add(file);
        command.Options.Add(key);
        return command.Runs(async (parsed, cancellationToken) =>
        {
            using var session = profile.OpenSession(parsed);
            var known = await GroupAccess.VerifiedAsync(session.Client, session.Client.Groups.Find(parsed.GetValue(group)!).Id, cancellationToken);
            await File.WriteAllBytesAsync(parsed.GetValue(file)!, BlueprintJson.Write(GroupBlueprint.Of(known)), cancellationToken);
            if (parsed.GetValue(key) is { } path)
            {
                using var kept = session.Client.Groups.KeptKey(known.Id);
                kept.ToFile(path);
            }
            Report.Facts(("group", known.Id.ToString()), ("record", parsed.GetValue(file)), ("key", parsed.GetValue(key)));
            return 0;
        });
    }
}
