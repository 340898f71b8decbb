using System.CommandLine;
using KeyMeld.Cli.Output;
using KeyMeld.Cli.Profiles;
using KeyMeld.Client;

namespace KeyMeld.Cli.Commands.Keys;

/// <summary><c>keymeld key show</c>: one key with its address; no call.</summary>
internal static class KeyShowCommand
{
    public static Command Create()
    {
        var profile = new ProfileArguments();
        var name = KeyCommand.Name();
        var network = new Option<BitcoinNetwork>("--network") { Description = "Network of the address shown.", DefaultValueFactory = _ => BitcoinNetwork.Mainnet };
        var command = profile.AddTo(new Command("show", "Show a key and its BIP-86 address."));
        command.Arguments.Add(name);
        command.Options.Add(network);
        return command.Runs((parsed, _) =>
        {
            using var session = profile.OpenSession(parsed);
            var keys = session.Client.Keys;
            Report.Facts([.. KeyFacts.Of(keys.Load(keys.Find(parsed.GetValue(name)!).Id), parsed.GetValue(network))]);
            return Task.FromResult(0);
        });
    }
}
