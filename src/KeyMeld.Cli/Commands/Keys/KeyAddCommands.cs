using System.CommandLine;
using KeyMeld.Cli.Output;
using KeyMeld.Cli.Profiles;
using KeyMeld.Client;

namespace KeyMeld.Cli.Commands.Keys;

/// <summary><c>keymeld key import</c>, <c>make</c> and <c>resume</c>.</summary>
internal static class KeyAddCommands
{
    private static readonly Option<string?> Label = new("--label") { Description = "What to call the key; it stays in your profile." };
    private static readonly Option<int?> Enclave = new("--enclave") { Description = "Number of the enclave that hosts it; the first one that is ready without it." };
    private static readonly Option<string> File = new("--key") { Description = "File with the secret key (64 hex digits or WIF).", Required = true };

    public static Command CreateImport()
    {
        var profile = new ProfileArguments();
        var command = Adding(profile, "import", "Seal a secret key to an enclave, verified just now. Keep your file: nothing else is a backup of it.");
        command.Options.Add(File);
        return command.Runs(async (parsed, cancellationToken) =>
        {
            using var session = profile.OpenSession(parsed);
            using var secret = KeyFile.Read(parsed.GetValue(File)!);
            return Print(await session.Client.Keys.ImportAsync(secret, Options(parsed), cancellationToken));
        });
    }

    public static Command CreateMake()
    {
        var profile = new ProfileArguments();
        var command = Adding(profile, "make", "Have an enclave make a key that never leaves it, not even for you.");
        return command.Runs(async (parsed, cancellationToken) =>
        {
            using var session = profile.OpenSession(parsed);
            var key = await session.Client.Keys.MakeAsync(Options(parsed), cancellationToken);
            Report.Warn("Nobody has this key but the enclave: it is lost with the enclave's identity key or the gateway's database.");
            return Print(key);
        });
    }

    public static Command CreateResume()
    {
        var profile = new ProfileArguments();
        var name = KeyCommand.Name();
        var command = profile.AddTo(new Command("resume", "Post a key again whose answer was lost; the same bytes each time."));
        command.Arguments.Add(name);
        return command.Runs(async (parsed, cancellationToken) =>
        {
            using var session = profile.OpenSession(parsed);
            return Print(await session.Client.Keys.ResumeAsync(session.Client.Keys.Find(parsed.GetValue(name)!).Id, cancellationToken));
        });
    }

    private static Command Adding(ProfileArguments profile, string verb, string what)
    {
        var command = profile.AddTo(new Command(verb, what));
        command.Options.Add(Label);
        command.Options.Add(Enclave);
        return command;
    }

    private static NewKeyOptions Options(ParseResult parsed) => new() { Label = parsed.GetValue(Label), Enclave = parsed.GetValue(Enclave) };

    private static int Print(OwnedKey key)
    {
        Report.Facts([.. KeyFacts.Of(key)]);
        return 0;
    }
}
