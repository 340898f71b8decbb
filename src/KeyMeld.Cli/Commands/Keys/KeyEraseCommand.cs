using System.CommandLine;
using KeyMeld.Cli.Output;
using KeyMeld.Cli.Profiles;
using KeyMeld.Protocol.Statements;

namespace KeyMeld.Cli.Commands.Keys;

/// <summary><c>keymeld key erase</c>.</summary>
internal static class KeyEraseCommand
{
    public static Command Create()
    {
        var profile = new ProfileArguments();
        var name = KeyCommand.Name();
        var yes = new Option<bool>("--yes") { Description = "Erase without asking." };
        var command = profile.AddTo(new Command("erase", "Erase a key: its sealed secret at the gateway, and what authorises its use here."));
        command.Arguments.Add(name);
        command.Options.Add(yes);
        return command.Runs(async (parsed, cancellationToken) =>
        {
            using var session = profile.OpenSession(parsed);
            var key = session.Client.Keys.Find(parsed.GetValue(name)!);
            var warning = key.Source == KeySource.Made ? "Nobody has it but its enclave: it is gone for ever." : "It signs again only if you import it anew, from your own file.";
            if (!Confirm.Ask(parsed.GetValue(yes), $"Erase the key {key.Label ?? key.Id.ToString()}? {warning}"))
            {
                return 1;
            }
            await session.Client.Keys.EraseAsync(key.Id, cancellationToken);
            Report.Facts(("key", key.Id.ToString()), ("state", "erased"));
            return 0;
        });
    }
}
