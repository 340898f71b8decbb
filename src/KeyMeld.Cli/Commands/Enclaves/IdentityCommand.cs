using System.CommandLine;
using KeyMeld.Cli.Output;
using KeyMeld.Cli.Profiles;
using KeyMeld.Client;
using KeyMeld.Protocol.Errors;
using KeyMeld.Secp256k1;

namespace KeyMeld.Cli.Commands.Enclaves;

/// <summary><c>keymeld identity show|verify</c>: what the enclaves claim, and whether they prove it.</summary>
internal static class IdentityCommand
{
    public static Command Create()
    {
        var command = new Command("identity", "The enclaves' attested identities.");
        command.Subcommands.Add(Show());
        command.Subcommands.Add(Verify());
        return command;
    }

    private static Command Show()
    {
        var profile = new ProfileArguments();
        return profile.AddTo(new Command("show", "Show what the gateway says of its enclaves, beside what this profile pinned. Nothing of it is proven; `verify` does that."))
            .Runs(async (parsed, cancellationToken) =>
            {
                using var session = profile.OpenSession(parsed);
                var pins = session.Profile.Pins.ToLookup(pin => pin.Number);
                var rows = await session.Client.Enclaves.ListAsync(cancellationToken);
                Report.Table("enclaves", ["id", "state", "epoch", "key", "pinned epoch", "pinned key"], rows.Select(row => (IReadOnlyList<string?>)
                [
                    $"{row.Number}", row.State, row.Epoch?.ToString(System.Globalization.CultureInfo.InvariantCulture), row.Key?.ToString(),
                    pins[row.Number].LastOrDefault()?.Epoch.ToString(System.Globalization.CultureInfo.InvariantCulture), pins[row.Number].LastOrDefault()?.Key.ToString(),
                ]));
                return 0;
            });
    }

    private static Command Verify()
    {
        var profile = new ProfileArguments();
        var enclave = new Option<int[]>("--enclave") { Description = "Number of an enclave; all of them without it." };
        var accept = new Option<string?>("--accept") { Description = "Replace the pin of one enclave by this identity key (66 hex digits), although it changed. Only if you know why." };
        var command = profile.AddTo(new Command("verify", "Have enclaves prove what they are, with a fresh attestation document each, and compare with the pins."));
        command.Options.Add(enclave);
        command.Options.Add(accept);
        return command.Runs(async (parsed, cancellationToken) =>
        {
            using var session = profile.OpenSession(parsed);
            var numbers = parsed.GetValue(enclave) is { Length: > 0 } some
                ? some
                : [.. (await session.Client.Enclaves.ListAsync(cancellationToken)).Select(row => row.Number)];
            List<VerifiedEnclave> verified = [];
            if (parsed.GetValue(accept) is { } hex)
            {
                if (numbers.Length != 1 || !PublicKey.TryParse(Hexadecimal.Bytes(hex, PublicKey.Size, "--accept"), out var key))
                {
                    throw new KeyMeldException(ErrorCodes.BadRequest, "--accept needs one --enclave and its identity key, 66 hex digits.");
                }
                verified.Add(await session.Client.Enclaves.AcceptChangeAsync(numbers[0], key, cancellationToken));
            }
            else
            {
                foreach (var number in numbers)
                {
                    verified.Add(await session.Client.Enclaves.VerifyAsync(number, cancellationToken));
                }
            }
            Report.Table("enclaves", ["id", "mode", "epoch", "key", "statement key", "kms key", "pcr0", "attested"], verified.Select(one => (IReadOnlyList<string?>)
            [
                $"{one.Number}", one.Mode.ToString().ToLowerInvariant(), $"{one.Newest.Epoch}", one.Newest.Key.ToString(), one.Newest.Sign.ToString(), one.KmsKeyArn, one.Pcrs.Pcr0, $"{one.AttestedAt:u}",
            ]));
            Report.Say($"{verified.Count} of {verified.Count} enclaves proved what they are.");
            return 0;
        });
    }
}
