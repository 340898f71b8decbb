using System.CommandLine;
using KeyMeld.Cli.Output;
using KeyMeld.Cli.Profiles;
using KeyMeld.Client;
using KeyMeld.Protocol.Errors;

namespace KeyMeld.Cli.Commands.Groups;

/// <summary><c>keymeld group recover</c>: forms a group anew from a record of it, on whatever gateway and enclaves there are now; with the members' old keys it gets its old output keys.</summary>
internal static class GroupRecoverCommand
{
    private static readonly Argument<string> Record = new("record") { Description = "A record that `keymeld group export` wrote." };
    private static readonly Option<string?> Label = new("--label") { Description = "What to call the new group; as the old one without it." };
    private static readonly Option<string[]> Member = new("--member") { Description = "The other members by name, in the order of their old places. Each joins with its old key (`group join --key`, or `--key-of`)." };
    private static readonly Option<string?> Key = new("--key") { Description = "File with your own old member key." };
    private static readonly Option<string?> KeyOf = new("--key-of") { Description = "The old group in this profile, whose generated key is yours." };
    private static readonly Option<bool> NoApproval = new("--no-approval") { Description = "Do not insist on your own approval for what your key signs." };
    private static readonly Option<string?> Out = new("--out") { Description = "Write each invitation to a file in this folder instead of showing it." };

    public static Command Create()
    {
        var profile = new ProfileArguments();
        var command = profile.AddTo(new Command("recover", "Form a group anew from its record and the members' own keys: the same keys, elsewhere."));
        command.Arguments.Add(Record);
        foreach (var option in (Option[])[Label, Member, Key, KeyOf, NoApproval, Out])
        {
            command.Options.Add(option);
        }
        return command.Runs((parsed, cancellationToken) => RunAsync(profile, parsed, cancellationToken));
    }

    private static async Task<int> RunAsync(ProfileArguments profile, ParseResult parsed, CancellationToken cancellationToken)
    {
        var blueprint = BlueprintJson.Parse(await File.ReadAllBytesAsync(parsed.GetValue(Record)!, cancellationToken));
        var names = new Queue<string>(parsed.GetValue(Member) ?? []);
        var others = blueprint.MemberKeys.Count - (blueprint.Place is null ? 0 : 1);
        if (names.Count != others)
        {
            throw new KeyMeldException(ErrorCodes.BadRequest, $"The group has {others} other members: name them with --member, in the order of their places.");
        }
        using var session = profile.OpenSession(parsed);
        using var key = blueprint.Place is null ? null : KeyMaterial.Read(session.Client, parsed.GetValue(Key), parsed.GetValue(KeyOf))
            ?? throw new KeyMeldException(ErrorCodes.BadRequest, "Give your own old member key: --key FILE, or --key-of GROUP where this profile has it.");
        if (key is not null && !blueprint.IsKeyOf(blueprint.Place!.Value, key))
        {
            throw new KeyMeldException(ErrorCodes.KeyFileInvalid, $"This is not the key that place {blueprint.Place} had.");
        }
        var plan = blueprint.ToPlan([.. blueprint.MemberKeys.Select((_, place) => place == blueprint.Place ? PlannedParticipant.Own() : PlannedParticipant.Invited(names.Dequeue()))]);
        using var created = await session.Client.Groups.CreateAsync(plan with { Label = parsed.GetValue(Label) ?? plan.Label }, cancellationToken);
        if (key is not null)
        {
            var options = new JoinOptions { Approval = !parsed.GetValue(NoApproval), AcceptUnattended = plan.Unattended, AcceptRawTweaks = true };
            await session.Client.Groups.JoinAsync(created.Id, key, options, cancellationToken);
        }
        Report.Say("When all have joined, `keymeld group show --recovers RECORD` says whether the keys are the old ones.");
        InvitationOutput.Print(created, parsed.GetValue(Out));
        return 0;
    }
}
