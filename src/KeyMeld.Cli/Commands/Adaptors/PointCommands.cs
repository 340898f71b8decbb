using System.CommandLine;
using KeyMeld.Cli.Output;
using KeyMeld.Client;
using KeyMeld.Secp256k1;

namespace KeyMeld.Cli.Commands.Adaptors;

/// <summary><c>keymeld adaptor new|point</c></summary>
internal static class PointCommands
{
    public static Command CreateNew()
    {
        var output = new Option<string>("--out") { Description = "Write the secret to this file, which must not exist yet; only you can read it.", Required = true };
        var command = new Command("new", "Draw a secret and show its point.");
        var save = new Option<string?>("--save") { Description = "Write the point to this file, for the others." };
        command.Options.Add(output);
        command.Options.Add(save);
        return command.Runs((parsed, _) =>
        {
            using var secret = SecretKey.Generate();
            KeyFile.Write(parsed.GetValue(output)!, secret);
            if (parsed.GetValue(save) is { } file)
            {
                File.WriteAllText(file, $"{secret.PublicKey}\n");
            }
            Report.Facts(("point", secret.PublicKey.ToString()), ("file", parsed.GetValue(output)));
            return Task.FromResult(0);
        });
    }

    public static Command CreatePoint()
    {
        var input = new Option<string>("--secret") { Description = "The file with the secret; - is stdin.", Required = true };
        var command = new Command("point", "Show the point of a secret.");
        command.Options.Add(input);
        return command.Runs((parsed, _) =>
        {
            using var secret = AdaptorInput.Secret(parsed.GetValue(input)!);
            Report.Facts(("point", secret.PublicKey.ToString()));
            return Task.FromResult(0);
        });
    }
}
