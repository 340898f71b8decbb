using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using KeyMeld.Cli.Operators;
using KeyMeld.Cli.Output;

namespace KeyMeld.Cli.Commands.Enclaves;

/// <summary><c>keymeld enclave genesis|rotate|rewrap|retire</c>: an operator's explicit changes of the enclaves' sealed keys, and the word that one is gone.</summary>
internal static class EnclaveCommand
{
    public static Command Create()
    {
        var command = new Command("enclave", "Change the enclaves' sealed keys, or say that an enclave is gone. For operators: needs the gateway's operator token.");
        command.Subcommands.Add(Change("genesis", "Make the first key of an enclave. In production nothing else does."));
        command.Subcommands.Add(Change("rotate", "Make the key of the next epoch. New groups use it; what was sealed to older epochs stays readable."));
        command.Subcommands.Add(Change("rewrap", "Seal every epoch under the KMS key of the enclave's configuration, after that key was changed. Identity keys stay the same."));
        command.Subcommands.Add(RetireCommand.Create());
        return command;
    }

    private static Command Change(string name, string description)
    {
        var gateway = UrlOption.Create("--gateway", "The gateway's URL.", "http://127.0.0.1:8090");
        var token = OperatorToken.CreateOption();
        var enclave = new Option<int[]>("--enclave") { Description = "Number of an enclave; may be repeated.", Required = true };
        enclave.Validators.Add(result =>
        {
            if (result.Tokens.Any(given => !int.TryParse(given.Value, NumberStyles.None, CultureInfo.InvariantCulture, out _)))
            {
                result.AddError("--enclave takes the number of an enclave.");
            }
        });
        var dryRun = new Option<bool>("--dry-run") { Description = "Do and check everything, KMS included, but write nothing; say what would be." };
        var command = new Command(name, description);
        foreach (var option in (Option[])[enclave, dryRun, gateway, token])
        {
            command.Options.Add(option);
        }
        return command.Runs(async (parsed, cancellationToken) =>
        {
            using var client = new OperatorClient(parsed.GetValue(gateway)!, OperatorToken.Require(parsed.GetValue(token)));
            var body = parsed.GetValue(dryRun) ? """{"dry_run": true}""" : """{"dry_run": false}""";
            var ready = true;
            foreach (var number in parsed.GetValue(enclave)!)
            {
                var answer = await client.PostAsync(string.Create(CultureInfo.InvariantCulture, $"/api/v1/operator/enclaves/{number}/{name}"), body, cancellationToken);
                Print(number, answer);
                ready &= parsed.GetValue(dryRun) || answer.GetProperty("state").GetString() == "ready";
            }
            return ready ? 0 : 1;
        });
    }

    private static void Print(int number, JsonElement answer)
    {
        var dryRun = answer.GetProperty("dry_run").GetBoolean();
        var before = answer.GetProperty("before").EnumerateArray().ToDictionary(row => row.GetProperty("epoch").GetInt32(), row => row.GetProperty("kms_key_id").GetString());
        Report.Table("epochs", ["enclave", "epoch", "key", "kms key", "what"], answer.GetProperty("after").EnumerateArray().Select(row =>
        {
            var epoch = row.GetProperty("epoch").GetInt32();
            var kms = row.GetProperty("kms_key_id").GetString();
            var what = !before.TryGetValue(epoch, out var old) ? "new" : old == kms ? "as it was" : $"sealed anew, before under {old}";
            return (IReadOnlyList<string?>)[$"{number}", $"{epoch}", row.TryGetProperty("key", out var key) ? key.GetString() : null, kms, dryRun && what != "as it was" ? $"would be: {what}" : what];
        }));
        var state = answer.GetProperty("state").GetString();
        Report.Say(dryRun ? $"Dry run: every step for enclave {number} was done and checked; nothing was written."
            : state == "ready" ? $"Enclave {number} is ready."
            : $"It is stored, but enclave {number} is {state}{(answer.TryGetProperty("reason", out var reason) ? $" ({reason.GetString()})" : "")}; `keymeld status` shows when it takes it up.");
    }
}
