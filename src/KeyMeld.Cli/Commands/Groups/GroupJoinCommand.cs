using System.CommandLine;
using KeyMeld.Cli.Output;
using KeyMeld.Cli.Profiles;
using KeyMeld.Client;
using KeyMeld.Protocol.Invitations;

namespace KeyMeld.Cli.Commands.Groups;

/// <summary><c>keymeld group join</c>: shows what the invitation leads to, verified, and joins.</summary>
internal static class GroupJoinCommand
{
    private static readonly Argument<string> InvitationText = new("invitation") { Description = "The line that begins with keymeld1., or a file with it." };
    private static readonly Option<string?> Key = new("--key") { Description = "File with your member key (64 hex digits or WIF); a fresh one is made without it." };
    private static readonly Option<bool> MadeKey = new("--made-key") { Description = "Have the hosting enclave make your member key: nobody ever holds it, and nothing recovers it but the enclave's own identity key." };
    private static readonly Option<string?> KeyOf = new("--key-of") { Description = "Join with the key that this profile generated for that group: the new group gets the old one's keys." };
    private static readonly Option<bool> NoApproval = new("--no-approval") { Description = "Do not insist on your own approval for what your key signs." };
    private static readonly Option<bool> AcceptUnattended = new("--accept-unattended") { Description = "Join although the group signs without approvals." };
    private static readonly Option<bool> AcceptRawTweaks = new("--accept-raw-tweaks") { Description = "Join although tweaks hide what they commit to." };
    private static readonly Option<bool> AcceptRetired = new("--accept-retired-epoch") { Description = "Join although the group uses an older key epoch of an enclave." };
    private static readonly Option<bool> Yes = new("--yes") { Description = "Join without asking." };

    public static Command Create()
    {
        var profile = new ProfileArguments();
        var command = profile.AddTo(new Command("join", "Look at what an invitation leads to, and join."));
        command.Arguments.Add(InvitationText);
        foreach (var option in (Option[])[Key, MadeKey, KeyOf, NoApproval, AcceptUnattended, AcceptRawTweaks, AcceptRetired, Yes])
        {
            command.Options.Add(option);
        }
        return command.Runs((parsed, cancellationToken) => RunAsync(profile, parsed, cancellationToken));
    }

    private static async Task<int> RunAsync(ProfileArguments profile, ParseResult parsed, CancellationToken cancellationToken)
    {
        var text = parsed.GetValue(InvitationText)!;
        using var invitation = Invitation.Parse(File.Exists(text) ? await File.ReadAllTextAsync(text, cancellationToken) : text);
        using var session = profile.OpenSession(parsed);
        using var offer = await session.Client.Groups.InspectAsync(invitation, cancellationToken);
        Print(offer);
        if (!Confirm.Ask(parsed.GetValue(Yes), "Join this group?"))
        {
            return 1;
        }
        using var key = MemberKeyChoice.Of(KeyMaterial.Read(session.Client, parsed.GetValue(Key), parsed.GetValue(KeyOf)), parsed.GetValue(MadeKey));
        var status = await session.Client.Groups.JoinAsync(offer, key, new JoinOptions
        {
            Approval = !parsed.GetValue(NoApproval),
            AcceptUnattended = parsed.GetValue(AcceptUnattended),
            AcceptRawTweaks = parsed.GetValue(AcceptRawTweaks),
            AcceptRetiredEpoch = parsed.GetValue(AcceptRetired),
        }, cancellationToken);
        Report.Facts(("group", offer.Group.ToString()), ("place", $"{offer.Place}"), ("state", status.State.ToString().ToLowerInvariant()), ("joined", $"{status.Joined} of {offer.Places}"));
        if (offer.AtHome)
        {
            Report.Say(session.Profile.IsEncrypted
                ? "Your key is in this profile, encrypted under your passphrase, and nowhere else: back the folder up. `keymeld cosign` signs with it."
                : "Your key is in this profile and nowhere else, and only file permissions protect it: back the folder up. `keymeld cosign` signs with it.");
        }
        Report.Say(status.State == GroupState.Formed ? "The group is formed: `keymeld group show` verifies it." : "You joined; the others need not be online now.");
        return 0;
    }

    private static void Print(GroupOffer offer)
    {
        if (Report.Json)
        {
            return;
        }
        Report.Facts(
            ("label", offer.Label),
            ("places", $"{offer.Places}, yours is {offer.Place}"),
            ("approvals", offer.Unattended ? "none: it signs unattended" : $"{offer.Threshold} of {offer.Approvers.Count}"),
            ("tweaks", TweakText.Of(offer.Tweaks)),
            ("hosted by", offer.Host is { } host ? $"enclave {host.Number}, epoch {host.Epoch}, key {host.Key}" : "yourself: the key stays on this machine"),
            ("enclaves", $"{offer.Enclaves.Count}, all verified just now"),
            ("join by", offer.JoinBy is { } joinBy ? $"{joinBy:u}" : "any time"),
            ("signs until", offer.SignUntil is { } until ? $"{until:u}, never after" : "no end"));
        foreach (var (index, subset) in offer.Subsets.Index())
        {
            Report.Say($"subset {index}: places {string.Join(", ", subset.Members)}, {TweakText.Of(subset.Tweaks)}");
        }
        TweakText.PrintScripts([("group", offer.Tweaks), .. offer.Subsets.Select((subset, index) => ($"subset {index}", subset.Tweaks))]);
    }
}
