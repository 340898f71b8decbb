using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using KeyMeld.Cli.Operators;
using KeyMeld.Cli.Output;

namespace KeyMeld.Cli.Commands.Enclaves;

/// <summary><c>keymeld enclave retire</c>: an operator's word that an enclave is gone for good.</summary>
internal static class RetireCommand
{
    public static Command Create()
    {
        var gateway = UrlOption.Create("--gateway", "The gateway's URL.", "http://127.0.0.1:8090");
        var token = OperatorToken.CreateOption();
        var enclave = StackArguments.Bounded("--enclave", "The enclave's number.", 0, 0, int.MaxValue);
        enclave.Required = true;
        var dryRun = new Option<bool>("--dry-run") { Description = "Change nothing; list the groups and keys that are sealed to it." };
        var lose = new Option<bool>("--lose") { Description = "Give up the groups and keys that are sealed to it: they cannot sign without it. Nothing of them is deleted." };
        var undo = new Option<bool>("--undo") { Description = "Take it back: the enclave is called missing again while it is not there." };
        var command = new Command("retire", "Say that an enclave will not come back, so that gateways no longer call it missing. Its sealed keys stay in the database.");
        foreach (var option in (Option[])[enclave, dryRun, lose, undo, gateway, token])
        {
            command.Options.Add(option);
        }
        return command.Runs(async (parsed, cancellationToken) =>
        {
            using var client = new OperatorClient(parsed.GetValue(gateway)!, OperatorToken.Require(parsed.GetValue(token)));
            var number = parsed.GetValue(enclave);
            var body = JsonLine.Of(json =>
            {
                json.WriteBoolean("dry_run", parsed.GetValue(dryRun));
                json.WriteBoolean("lose", parsed.GetValue(lose));
                json.WriteBoolean("undo", parsed.GetValue(undo));
            });
            Print(number, parsed.GetValue(undo), await client.PostAsync(string.Create(CultureInfo.InvariantCulture, $"/api/v1/operator/enclaves/{number}/retire"), body, cancellationToken));
            return 0;
        });
    }

    private static void Print(int number, bool undo, JsonElement answer)
    {
        if (Report.Json)
        {
            Report.Value(answer.GetRawText());
            return;
        }
        if (undo)
        {
            Report.Say($"Enclave {number} is not retired: while it is not there it is called missing.");
            return;
        }
        var rows = new List<IReadOnlyList<string?>>();
        foreach (var (what, list) in ((string, string)[])[("group", "groups"), ("key", "keys")])
        {
            rows.AddRange(answer.GetProperty(list).GetProperty("first").EnumerateArray().Select(hash => (IReadOnlyList<string?>)[what, hash.GetString()]));
        }
        if (rows.Count > 0)
        {
            Report.Table("sealed to it", ["what", "id"], rows);
        }
        var sealedTo = $"{Count(answer, "groups")} groups and {Count(answer, "keys")} keys are sealed to it";
        Report.Say(answer.GetProperty("dry_run").GetBoolean() ? $"Dry run: nothing was changed. {sealedTo}{(rows.Count > 0 ? "; --lose gives them up" : "")}."
            : $"Enclave {number} is retired since {DateTimeOffset.FromUnixTimeMilliseconds(answer.GetProperty("at").GetInt64()).ToString("u", CultureInfo.InvariantCulture)}. {sealedTo}. Its sealed keys stay in the database; --undo takes it back.");
    }

    private static string Count(JsonElement answer, string list) => answer.GetProperty(list).GetProperty("count").GetRawText();
}
