using System.CommandLine;
using KeyMeld.Cli.Output;
using KeyMeld.Cli.Profiles;

namespace KeyMeld.Cli.Commands.Groups;

/// <summary><c>keymeld group invite</c>: shows the invitations of a group that is not formed yet once more.</summary>
internal static class GroupInviteCommand
{
    public static Command Create()
    {
        var profile = new ProfileArguments();
        var group = new Argument<string>("group") { Description = "Label, or id (at least 8 hex digits)." };
        var folder = new Option<string?>("--out") { Description = "Write each invitation to a file in this folder instead of showing it." };
        var command = profile.AddTo(new Command("invite", "Show the invitations of a group this profile created."));
        command.Arguments.Add(group);
        command.Options.Add(folder);
        return command.Runs((parsed, _) =>
        {
            using var session = profile.OpenSession(parsed);
            using var created = session.Client.Groups.Invitations(session.Client.Groups.Find(parsed.GetValue(group)!).Id);
            InvitationOutput.Print(created, parsed.GetValue(folder));
            return Task.FromResult(0);
        });
    }
}

/// <summary><c>keymeld group admission-key</c>: a key to give to a creator, so that nobody but its owner can take the place.</summary>
internal static class AdmissionKeyCommand
{
    public static Command Create()
    {
        var profile = new ProfileArguments();
        return profile.AddTo(new Command("admission-key", "Make an admission key for one group: give it to the creator, who then cannot join in your place."))
            .Runs((parsed, _) =>
            {
                using var opened = profile.Open(parsed);
                Report.Facts(("admission key", opened.CreateAdmissionKey().ToString()));
                return Task.FromResult(0);
            });
    }
}
