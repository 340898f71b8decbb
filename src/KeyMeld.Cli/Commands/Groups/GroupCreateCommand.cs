using System.CommandLine;
using KeyMeld.Cli.Output;
using KeyMeld.Cli.Profiles;
using KeyMeld.Client;
using KeyMeld.Protocol.Errors;
using KeyMeld.Protocol.Statements;
using KeyMeld.Secp256k1;

namespace KeyMeld.Cli.Commands.Groups;

/// <summary><c>keymeld group create</c>: says who may join under which rule, joins the creator's own place, and gives the invitations.</summary>
internal static class GroupCreateCommand
{
    private static readonly Option<string> Label = new("--label") { Description = "What the members call the group; the gateway cannot read it.", Required = true };
    private static readonly Option<string[]> Member = new("--member")
    {
        Description = "Another member: NAME for one who joins by invitation, NAME=KEY for one who gave you an admission key; NAME@home for one who keeps the key and signs with `keymeld cosign`. Repeat it.",
    };
    private static readonly Option<bool> AtHome = new("--at-home") { Description = "Keep your own key in this profile and sign from this machine, with `keymeld cosign`." };
    private static readonly Option<bool> NotMember = new("--not-a-member") { Description = "Create the group without a place of your own." };
    private static readonly Option<int?> Threshold = new("--threshold") { Description = "How many approvals each request needs; all of the members without it." };
    private static readonly Option<bool> Unattended = new("--unattended") { Description = "Sign without approvals. Members must accept that explicitly." };
    private static readonly Option<bool> NoApproval = new("--no-approval") { Description = "Do not insist on your own approval for what your key signs." };
    private static readonly Option<string?> Key = new("--key") { Description = "File with your own member key (64 hex digits or WIF); a fresh one is made without it." };
    private static readonly Option<bool> MadeKey = new("--made-key") { Description = "Have the hosting enclave make your member key: nobody ever holds it, and nothing recovers it but the enclave's own identity key." };
    private static readonly Option<string[]> Approver = new("--approver") { Description = "Members whose approvals count, by name or place; all without it. Repeat it." };
    private static readonly Option<string?> Tweaks = new("--tweaks") { Description = $"The group's tweaks: {TweakSyntax.Help}. BIP-86 without it." };
    private static readonly Option<string[]> Subset = new("--subset") { Description = SubsetSyntax.Help };
    private static readonly Option<bool> AllowRaw = new("--allow-raw-tweaks") { Description = "Allow plain and xonly tweaks, which hide what they commit to." };
    private static readonly Option<bool> BareKey = new("--bare-key") { Description = "The same as --tweaks none: the output key is the bare aggregate key." };
    private static readonly Option<DateTimeOffset?> JoinBy = new("--join-by") { Description = "Nobody joins after this time." };
    private static readonly Option<DateTimeOffset?> SignUntil = new("--sign-until") { Description = "The group never signs after this time: funds it then still holds are stuck. Rarely wanted." };
    private static readonly Option<int[]> Enclave = new("--enclave") { Description = "Numbers of the enclaves to use; all that are ready without it." };
    private static readonly Option<string?> Out = new("--out") { Description = "Write each invitation to a file in this folder instead of showing it." };

    public static Command Create()
    {
        var profile = new ProfileArguments();
        var command = profile.AddTo(new Command("create", "Create a group and invite its members."));
        foreach (var option in (Option[])[Label, Member, NotMember, AtHome, Threshold, Unattended, NoApproval, Key, MadeKey, Approver, Tweaks, Subset, AllowRaw, BareKey, JoinBy, SignUntil, Enclave, Out])
        {
            command.Options.Add(option);
        }
        return command.Runs((parsed, cancellationToken) => RunAsync(profile, parsed, cancellationToken));
    }

    private static async Task<int> RunAsync(ProfileArguments profile, ParseResult parsed, CancellationToken cancellationToken)
    {
        var own = !parsed.GetValue(NotMember);
        var plan = new GroupPlan
        {
            Label = parsed.GetValue(Label),
            Participants = [.. own ? [PlannedParticipant.Own() with { AtHome = parsed.GetValue(AtHome) }] : Array.Empty<PlannedParticipant>(), .. (parsed.GetValue(Member) ?? []).Select(Planned)],
            Threshold = parsed.GetValue(Threshold),
            Unattended = parsed.GetValue(Unattended),
            CreatorRequests = !own,
            JoinBy = parsed.GetValue(JoinBy),
            SignUntil = parsed.GetValue(SignUntil),
            Enclaves = parsed.GetValue(Enclave) is { Length: > 0 } enclaves ? enclaves : null,
        };
        plan = plan with
        {
            Tweaks = parsed.GetValue(BareKey) ? TweakChain.Empty : parsed.GetValue(Tweaks) is { } tweaks ? TweakSyntax.Parse(tweaks, "--tweaks") : plan.Tweaks,
            Subsets = [.. (parsed.GetValue(Subset) ?? []).Select(subset => SubsetSyntax.Parse(subset, plan.Participants))],
            Approvers = parsed.GetValue(Approver) is { Length: > 0 } approvers ? [.. approvers.Select(name => SubsetSyntax.Place(name, plan.Participants, "--approver"))] : null,
            AllowRawTweaks = parsed.GetValue(AllowRaw),
        };
        if (plan.SignUntil is { } end)
        {
            Report.Warn($"After {end:u} this group can never sign again; whatever it still holds then is stuck.");
        }
        using var key = own ? MemberKeyChoice.Of(parsed.GetValue(Key) is { } file ? MemberKey.FromFile(file) : null, parsed.GetValue(MadeKey)) : null;
        using var session = profile.OpenSession(parsed);
        using var created = await session.Client.Groups.CreateAsync(plan, cancellationToken);
        if (key is not null)
        {
            var options = new JoinOptions { Approval = !parsed.GetValue(NoApproval), AcceptUnattended = plan.Unattended, AcceptRawTweaks = plan.AllowRawTweaks };
            await session.Client.Groups.JoinAsync(created.Id, key, options, cancellationToken);
        }
        Report.Say($"Created {plan.Label}: {plan.Participants.Count} places, {created.Invitations.Count} to be taken.");
        InvitationOutput.Print(created, parsed.GetValue(Out));
        return 0;
    }

    private static PlannedParticipant Planned(string member)
    {
        const string Home = "@home";
        var parts = member.Split('=', 2);
        if (parts[0].EndsWith(Home, StringComparison.Ordinal))
        {
            return Planned(string.Join('=', [parts[0][..^Home.Length], .. parts[1..]])) with { AtHome = true };
        }
        if (parts.Length == 1)
        {
            return PlannedParticipant.Invited(member);
        }
        return XOnlyPublicKey.TryParse(Hexadecimal.Bytes(parts[1], XOnlyPublicKey.Size, "--member NAME=KEY"), out var key)
            ? PlannedParticipant.Known(key, parts[0])
            : throw new KeyMeldException(ErrorCodes.BadRequest, $"The admission key of {parts[0]} is not a point of the curve.");
    }
}
