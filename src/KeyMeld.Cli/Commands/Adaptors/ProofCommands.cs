using System.CommandLine;
using KeyMeld.Cli.Commands.Groups;
using KeyMeld.Cli.Output;
using KeyMeld.Cli.Profiles;
using KeyMeld.Client;

namespace KeyMeld.Cli.Commands.Adaptors;

/// <summary><c>keymeld adaptor challenge|prove</c>: several points for one item, and that their owners know the secrets.</summary>
internal static class ProofCommands
{
    public static Command CreateChallenge()
    {
        var profile = new ProfileArguments();
        var groupName = new Option<string>("--group") { Description = "The group that will sign: label or id.", Required = true };
        var points = new Option<string[]>("--point") { Description = "A point (66 hex digits), or a file with it. 2 to 16 of them.", Required = true };
        var same = new Option<string?>("--same-request") { Description = "Another challenge (or a file with it) that will be in the same request." };
        var output = new Option<string?>("--out") { Description = "Write the challenge to this file." };
        var command = profile.AddTo(new Command("challenge", "Make the challenge that the owners of several points prove them for."));
        foreach (var option in (Option[])[groupName, points, same, output])
        {
            command.Options.Add(option);
        }
        return command.Runs(async (parsed, cancellationToken) =>
        {
            using var session = profile.OpenSession(parsed);
            var group = await GroupAccess.VerifiedAsync(session.Client, session.Client.Groups.Find(parsed.GetValue(groupName)!).Id, cancellationToken);
            var other = parsed.GetValue(same) is { } text ? AdaptorChallenge.Parse(AdaptorInput.Text(text)) : null;
            var challenge = AdaptorChallenge.Create(group, [.. parsed.GetValue(points)!.Select(point => AdaptorInput.Point(point, "--point"))], other);
            if (parsed.GetValue(output) is { } file)
            {
                await File.WriteAllTextAsync(file, $"{challenge}\n", cancellationToken);
            }
            Report.Facts(("challenge", challenge.ToString()), ("sum", challenge.Sum.ToString()));
            return 0;
        });
    }

    public static Command CreateProve()
    {
        var challenge = new Argument<string>("challenge") { Description = "The line that begins with keymeldpoints1., or a file with it." };
        var secretFile = new Option<string>("--secret") { Description = "The file with the secret of one of its points; - is stdin.", Required = true };
        var output = new Option<string?>("--out") { Description = "Write the proof to this file." };
        var command = new Command("prove", "Prove that you know the secret of one of the points. The proof reveals nothing of it.");
        command.Arguments.Add(challenge);
        command.Options.Add(secretFile);
        command.Options.Add(output);
        return command.Runs(async (parsed, cancellationToken) =>
        {
            using var secret = AdaptorInput.Secret(parsed.GetValue(secretFile)!);
            var proof = AdaptorChallenge.Parse(AdaptorInput.Text(parsed.GetValue(challenge)!)).Prove(secret);
            if (parsed.GetValue(output) is { } file)
            {
                await File.WriteAllTextAsync(file, $"{proof}\n", cancellationToken);
            }
            Report.Facts(("point", secret.PublicKey.ToString()), ("proof", proof.ToString()));
            return 0;
        });
    }
}
