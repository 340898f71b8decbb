using System.CommandLine;
using KeyMeld.Cli.Commands.Groups;
using KeyMeld.Cli.Output;
using KeyMeld.Cli.Profiles;
using KeyMeld.Client;
using KeyMeld.Protocol.Errors;
using KeyMeld.Protocol.Ids;

namespace KeyMeld.Cli.Commands.Signings;

/// <summary><c>keymeld sign</c>: requests signatures over files or bare hashes; several at once are one batch.</summary>
internal static class SignCommand
{
    private static readonly Option<string> GroupName = new("--group") { Description = "The group: label or id.", Required = true };
    private static readonly Option<string[]> Files = new("--file") { Description = "A file to sign (its SHA-256). Up to 64 KiB travels along, so that approvers see it. Repeat it for a batch." };
    private static readonly Option<string[]> Hashes = new("--hash") { Description = "A 32-byte hash to sign (64 hex digits). Repeat it for a batch." };
    private static readonly Option<int> Minutes = new("--minutes") { Description = "How long the request lives, 1 to 1440.", DefaultValueFactory = _ => 10 };
    private static readonly Option<int> Wait = new("--wait") { Description = "Seconds to wait for the signatures.", DefaultValueFactory = _ => 5 };
    private static readonly Option<string?> Items = new("--items") { Description = "A batch in a JSON or CSV file: each item with hash, file or text, and name, subset, tweaks of its own." };
    private static readonly Option<string?> Subset = new("--subset") { Description = "The part of the group that signs files and hashes: its number or id. The whole group without it." };
    private static readonly Option<string?> Tweaks = new("--tweaks") { Description = $"Tweaks for files and hashes in place of the group's or the subset's own: {TweakSyntax.Help}." };
    private static readonly Option<bool> AllowRaw = new("--allow-raw-tweaks") { Description = "Allow items with plain and xonly tweaks of their own, which hide what they commit to." };
    private static readonly Option<string?> Save = new("--save") { Description = "Write the signing's line to this file, for the other members." };

    public static Command Create()
    {
        var profile = new ProfileArguments();
        var adaptors = new AdaptorOptions();
        var command = profile.AddTo(new Command("sign", "Ask a group to sign."));
        foreach (var option in (Option[])[GroupName, Files, Hashes, Items, Subset, Tweaks, AllowRaw, Minutes, Wait, Save])
        {
            command.Options.Add(option);
        }
        OutcomeFiles.AddTo(command);
        adaptors.AddTo(command);
        return command.Runs((parsed, cancellationToken) => RunAsync(profile, adaptors, parsed, cancellationToken));
    }

    private static async Task<int> RunAsync(ProfileArguments profile, AdaptorOptions adaptors, ParseResult parsed, CancellationToken cancellationToken)
    {
        List<SigningContent> contents =
        [
            .. (parsed.GetValue(Files) ?? []).Select(SigningContent.FromFile),
            .. (parsed.GetValue(Hashes) ?? []).Select(hash => SigningContent.FromHash(Hexadecimal.Bytes(hash, 32, "--hash"), hash)),
        ];
        if (contents.Count == 0 && parsed.GetValue(Items) is null)
        {
            throw new KeyMeldException(ErrorCodes.BadRequest, "Say what to sign: --file FILE or --hash HEX, each as often as you like, or --items FILE.");
        }
        contents = adaptors.Apply(parsed, contents);
        var tweaks = parsed.GetValue(Tweaks) is { } chain ? TweakSyntax.Parse(chain, "--tweaks") : null;
        using var session = profile.OpenSession(parsed);
        var group = await GroupAccess.VerifiedAsync(session.Client, session.Client.Groups.Find(parsed.GetValue(GroupName)!).Id, cancellationToken);
        var subset = parsed.GetValue(Subset) is { } name ? group.Subsets[SubsetName.Find(group, name)].Id : (Id16?)null;
        contents = [.. contents.Select(content => content with { Subset = subset, Tweaks = tweaks }), .. parsed.GetValue(Items) is { } items ? ItemsFile.Read(items, group) : []];
        var request = await session.Client.Signings.PrepareAsync(
            group, contents, new RequestOptions { Lifetime = TimeSpan.FromMinutes(parsed.GetValue(Minutes)), AsCreator = group.MyIndex is null, AllowRawTweaks = parsed.GetValue(AllowRaw) }, cancellationToken);
        if (request.AlsoSignedPlain is [var place, ..])
        {
            Report.Warn($"Item {place} asks for a pre-signature of a message that this request also signs plain: whoever gets that signature needs no secret.");
        }
        await session.Client.Signings.SubmitAsync(request, TimeSpan.Zero, cancellationToken);
        var reference = request.Reference;
        if (parsed.GetValue(Save) is { } file)
        {
            await File.WriteAllTextAsync(file, $"{reference}\n", cancellationToken);
        }
        if (contents.FirstOrDefault(content => content.Preimage is null) is { } unseen)
        {
            var more = contents.Count(content => content.Preimage is null) - 1;
            Report.Warn($"The approvers do not see what {unseen.Name}{(more > 0 ? $" (and {more} more)" : "")} is: they need the file themselves (`keymeld approve --file`), or approve it as opaque.");
        }
        var outcome = await OutcomeOutput.WaitAsync(session.Client, reference, parsed.GetValue(Wait), cancellationToken);
        return OutcomeOutput.Print(outcome, [.. contents.Select(content => content.Name)], OutcomeFiles.Of(parsed), waitingIsFine: true);
    }
}
