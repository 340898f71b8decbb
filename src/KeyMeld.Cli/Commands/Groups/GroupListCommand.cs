using System.CommandLine;
using System.Globalization;
using KeyMeld.Cli.Output;
using KeyMeld.Cli.Profiles;
using KeyMeld.Client;
using KeyMeld.Protocol.Errors;

namespace KeyMeld.Cli.Commands.Groups;

/// <summary><c>keymeld group list</c>: every group this profile knows and how it stands.</summary>
internal static class GroupListCommand
{
    public static Command Create()
    {
        var profile = new ProfileArguments();
        var offline = new Option<bool>("--offline") { Description = "Do not ask the gateway: show what the profile knows." };
        var command = profile.AddTo(new Command("list", "List the groups of this profile and how they stand."));
        command.Options.Add(offline);
        return command.Runs(async (parsed, cancellationToken) =>
        {
            using var session = profile.OpenSession(parsed);
            var groups = session.Client.Groups.List();
            var states = await Task.WhenAll(groups.Select(group => StateAsync(session.Client, group, parsed.GetValue(offline), cancellationToken)));
            Report.Table("groups", ["label", "id", "place", "state", "joined", "output key"], groups.Zip(states).Select(pair => (IReadOnlyList<string?>)
            [
                pair.First.Label, pair.First.Id.ToString(), pair.First.Place?.ToString(CultureInfo.InvariantCulture) ?? (pair.First.IsCreator ? "creator" : null), pair.Second.State, pair.Second.Joined,
                pair.First.OutputKey?.ToString(),
            ]));
            return 0;
        });
    }

    // The gateway's word for groups that were not verified; one that it does not know, or that cannot be asked, does not hide the others.
    private static async Task<(string State, string? Joined)> StateAsync(KeyMeldClient client, GroupSummary group, bool offline, CancellationToken cancellationToken)
    {
        if (group.IsVerified)
        {
            return ("formed, verified", null);
        }
        if (offline || group.Gateway != client.Gateway)
        {
            return (offline ? "not verified yet" : $"on {group.Gateway}", null);
        }
        try
        {
            var status = await client.Groups.StatusAsync(group.Id, cancellationToken);
            return (status.State == GroupState.Formed ? "formed, not verified yet" : status.State.ToString().ToLowerInvariant(), status.Taken.Count == 0 ? null : $"{status.Joined} of {status.Taken.Count}");
        }
        catch (KeyMeldException exception)
        {
            return ($"unknown: {exception.Code}", null);
        }
    }
}
