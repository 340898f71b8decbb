using System.CommandLine;
using KeyMeld.Cli.Output;
using KeyMeld.Cli.Profiles;
using KeyMeld.Client;
using KeyMeld.Protocol.Errors;

namespace KeyMeld.Cli.Commands.Keys;

/// <summary><c>keymeld key show</c>: one key with its address; no call.</summary>
internal static class KeyShowCommand
{
    public static Command Create()
    {
        var profile = new ProfileArguments();
        var name = KeyCommand.Name();
        var network = new Option<BitcoinNetwork>("--network") { Description = "Network of the address shown.", DefaultValueFactory = _ => BitcoinNetwork.Mainnet };
        var print = new Option<string?>("--print") { Description = "Print this one fact and nothing else, for scripts: \"output key\", address, \"public key\", …" };
        var command = profile.AddTo(new Command("show", "Show a key and its BIP-86 address."));
        command.Arguments.Add(name);
        command.Options.Add(network);
        command.Options.Add(print);
        return command.Runs((parsed, _) =>
        {
            using var session = profile.OpenSession(parsed);
            var keys = session.Client.Keys;
            (string Name, string? Value)[] facts = [.. KeyFacts.Of(keys.Load(keys.Find(parsed.GetValue(name)!).Id), parsed.GetValue(network))];
            if (parsed.GetValue(print) is { } wanted)
            {
                Report.Value(facts.FirstOrDefault(fact => fact.Name == wanted).Value
                    ?? throw new KeyMeldException(ErrorCodes.BadRequest, $"--print knows {string.Join(", ", facts.Select(fact => $"'{fact.Name}'"))}."));
                return Task.FromResult(0);
            }
            Report.Facts(facts);
            return Task.FromResult(0);
        });
    }
}
