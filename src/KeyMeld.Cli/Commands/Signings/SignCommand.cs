using System.CommandLine;
using KeyMeld.Cli.Commands.Groups;
using KeyMeld.Cli.Output;
using KeyMeld.Cli.Profiles;
using KeyMeld.Client;
using KeyMeld.Protocol.Errors;

namespace KeyMeld.Cli.Commands.Signings;

/// <summary><c>keymeld sign</c>: requests signatures over files or bare hashes; several at once are one batch.</summary>
internal static class SignCommand
{
    private static readonly Option<string> GroupName = new("--group") { Description = "The group: label or id.", Required = true };
    private static readonly Option<string[]> Files = new("--file") { Description = "A file to sign (its SHA-256). Up to 64 KiB travels along, so that approvers see it. Repeat it for a batch." };
    private static readonly Option<string[]> Hashes = new("--hash") { Description = "A 32-byte hash to sign (64 hex digits). Repeat it for a batch." };
    private static readonly Option<int> Minutes = new("--minutes") { Description = "How long the request lives, 1 to 1440.", DefaultValueFactory = _ => 10 };
    private static readonly Option<int> Wait = new("--wait") { Description = "Seconds to wait for the signatures.", DefaultValueFactory = _ => 5 };
    private static readonly Option<string?> Out = new("--out") { Description = "Write each signature to a file in this folder." };
    private static readonly Option<string?> Save = new("--save") { Description = "Write the signing's line to this file, for the other members." };

    public static Command Create()
    {
        var profile = new ProfileArguments();
        var adaptors = new AdaptorOptions();
        var command = profile.AddTo(new Command("sign", "Ask a group to sign."));
        foreach (var option in (Option[])[GroupName, Files, Hashes, Minutes, Wait, Out, Save])
        {
            command.Options.Add(option);
        }
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
        if (contents.Count == 0)
        {
            throw new KeyMeldException(ErrorCodes.BadRequest, "Say what to sign: --file FILE or --hash HEX, each as often as you like.");
        }
        contents = adaptors.Apply(parsed, contents);
        using var session = profile.OpenSession(parsed);
        var group = await GroupAccess.VerifiedAsync(session.Client, session.Client.Groups.Find(parsed.GetValue(GroupName)!).Id, cancellationToken);
        var request = await session.Client.Signings.PrepareAsync(
            group, contents, new RequestOptions { Lifetime = TimeSpan.FromMinutes(parsed.GetValue(Minutes)), AsCreator = group.MyIndex is null }, cancellationToken);
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
            Report.Warn($"The approvers do not see what {unseen.Name} is: they need the file themselves (`keymeld approve --file`), or approve it as opaque.");
        }
        var outcome = await OutcomeOutput.WaitAsync(session.Client, reference, parsed.GetValue(Wait), cancellationToken);
        return OutcomeOutput.Print(outcome, [.. contents.Select(content => content.Name)], parsed.GetValue(Out), waitingIsFine: true);
    }
}
