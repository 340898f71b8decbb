using System.CommandLine;
using KeyMeld.Cli.Output;
using KeyMeld.Cli.Profiles;
using KeyMeld.Client;
using KeyMeld.Protocol.Ids;

namespace KeyMeld.Cli.Commands.Keys;

/// <summary><c>keymeld key list</c>: the profile's keys, and whether the gateway has them.</summary>
internal static class KeyListCommand
{
    public static Command Create()
    {
        var profile = new ProfileArguments();
        var command = profile.AddTo(new Command("list", "Show your keys, and whether the gateway has them."));
        return command.Runs(async (parsed, cancellationToken) =>
        {
            using var session = profile.OpenSession(parsed);
            var present = (await session.Client.Keys.ListAsync(cancellationToken)).Select(key => key.Id).ToHashSet();
            Report.Table("keys", ["label", "key", "state", "source", "public key"], session.Client.Keys.List().Select(key => (IReadOnlyList<string?>)
                [key.Label, key.Id.ToString(), State(key, present), key.Source.ToString().ToLowerInvariant(), key.PublicKey?.ToString()]));
            return 0;
        });
    }

    private static string State(OwnedKeySummary key, HashSet<Hash32> present) =>
        key.State == OwnedKeyState.Ready && !present.Contains(key.Id) ? "not at this gateway" : key.State.ToString().ToLowerInvariant();
}
