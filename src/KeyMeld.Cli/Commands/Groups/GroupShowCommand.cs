using System.CommandLine;
using System.Globalization;
using KeyMeld.Cli.Output;
using KeyMeld.Cli.Profiles;
using KeyMeld.Client;
using KeyMeld.Protocol.Errors;
using KeyMeld.Protocol.Ids;

namespace KeyMeld.Cli.Commands.Groups;

/// <summary><c>keymeld group show</c>: the profile's groups, or one of them, verified whole.</summary>
internal static class GroupShowCommand
{
    private static readonly Argument<string?> GroupName = new("group") { Description = "Label, or id (at least 8 hex digits); all groups without it.", Arity = ArgumentArity.ZeroOrOne };
    private static readonly Option<int> Wait = new("--wait") { Description = "Seconds to wait for the group to be formed." };
    private static readonly Option<string?> Roster = new("--compare") { Description = "The roster hash another member reads out (64 hex digits): fail unless it is the same." };
    private static readonly Option<BitcoinNetwork> Network = new("--network") { Description = "Network of the address shown.", DefaultValueFactory = _ => BitcoinNetwork.Mainnet };

    private static readonly Option<string?> Subset = new("--subset") { Description = "Show this subset's key: its number, or its id (at least 8 hex digits)." };
    private static readonly Option<string?> Recovers = new("--recovers") { Description = "A record of an older group: fail unless this one has the same output keys." };
    private static readonly Option<string?> Print = new("--print") { Description = "Print this one fact and nothing else, for scripts: \"output key\", address, roster, fingerprint, …" };

    public static Command Create()
    {
        var profile = new ProfileArguments();
        var command = profile.AddTo(new Command("show", "Show groups; with a name, verify that group and show it."));
        command.Arguments.Add(GroupName);
        foreach (var option in (Option[])[Wait, Roster, Network, Subset, Recovers, Print])
        {
            command.Options.Add(option);
        }
        return command.Runs(async (parsed, cancellationToken) =>
        {
            using var session = profile.OpenSession(parsed);
            return parsed.GetValue(GroupName) is { } name ? await ShowAsync(session.Client.Groups, name, parsed, cancellationToken) : List(session.Client.Groups);
        });
    }

    private static int List(GroupOperations groups)
    {
        Report.Table("groups", ["label", "id", "place", "joined", "output key"], groups.List().Select(group => (IReadOnlyList<string?>)
            [group.Label, group.Id.ToString(), group.Place?.ToString(CultureInfo.InvariantCulture), group.Joined ? "yes" : "no", group.OutputKey?.ToString() ?? "not verified yet"]));
        return 0;
    }

    private static async Task<int> ShowAsync(GroupOperations groups, string name, ParseResult parsed, CancellationToken cancellationToken)
    {
        var known = groups.Find(name);
        if (parsed.GetValue(Wait) == 0 && await groups.StatusAsync(known.Id, cancellationToken) is { State: not GroupState.Formed } status)
        {
            Report.Facts(("group", known.Id.ToString()), ("label", known.Label), ("state", status.State.ToString().ToLowerInvariant()), ("joined", $"{status.Joined} of {status.Taken.Count}"), ("error", status.Error));
            return status.State == GroupState.Joining ? 0 : 1;
        }
        var group = await groups.WaitUntilFormedAsync(known.Id, TimeSpan.FromSeconds(Math.Max(1, parsed.GetValue(Wait))), cancellationToken);
        if (parsed.GetValue(Recovers) is { } record)
        {
            BlueprintJson.Parse(await File.ReadAllBytesAsync(record, cancellationToken)).RequireSameKeys(group);
        }
        var network = parsed.GetValue(Network);
        var key = NamedKey.Of(group, parsed.GetValue(Subset) is { } subset ? SubsetName.Find(group, subset) : null);
        (string Name, string? Value)[] facts =
        [
            ("group", group.Id.ToString()),
            ("label", group.Label),
            ("state", "formed, verified"),
            ("roster", group.RosterHash.ToString()),
            ("fingerprint", group.Fingerprint),
            ("key", key.Name),
            .. KeyOutput.Facts(key, network),
            ("approvals", group.Unattended ? "none: it signs unattended" : $"{group.Threshold} of members {string.Join(", ", group.Approvers)}"),
            ("signs until", group.SignUntil is { } until ? $"{until:u}, never after" : "no end"),
        ];
        if (parsed.GetValue(Print) is { } wanted)
        {
            Report.Value(facts.FirstOrDefault(fact => fact.Name == wanted).Value
                ?? throw new KeyMeldException(ErrorCodes.BadRequest, $"--print knows {string.Join(", ", facts.Select(fact => $"'{fact.Name}'"))}."));
            return 0;
        }
        Report.Facts(facts);
        Report.Table("members", ["place", "user", "member key", "enclave", "key is", "insists on approving"], group.Members.Select(member => (IReadOnlyList<string?>)
        [
            $"{member.Index}{(member.Index == group.MyIndex ? " (you)" : "")}", member.User.ToString(), member.MemberKey.ToString(),
            member.Enclave is { } index ? $"{group.Enclaves[index].Number}" : "at home", member.Source.ToString().ToLowerInvariant(), member.Approval ? "yes" : "no",
        ]));
        KeyOutput.Print(key, key.Id is null ? [.. group.Subsets.Select((_, index) => NamedKey.Of(group, index))] : [], network);
        if (parsed.GetValue(Roster) is { } other)
        {
            if (!group.MatchesRoster(new Hash32(Hexadecimal.Bytes(other, 32, "--compare"))))
            {
                throw new KeyMeldException(ErrorCodes.RosterMismatch, "The other member sees another roster.");
            }
            Report.Say("Both of you see the same group.");
        }
        return 0;
    }
}
