using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using KeyMeld.Cli.Output;
using KeyMeld.DevKit.Stack;
using KeyMeld.Protocol.Errors;

namespace KeyMeld.Cli.Commands.Databases;

/// <summary>Runs <c>KeyMeld.Gateway db</c> and shows its lines: as they are for machines, as tables for people.</summary>
internal static class GatewayDb
{
    public static async Task<int> RunAsync(IReadOnlyList<string> arguments, CancellationToken cancellationToken)
    {
        var start = new ProcessStartInfo(Programs.Find("KeyMeld.Gateway"), ["db", .. arguments]) { RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true };
        start.Environment["DOTNET_ROOT"] = Programs.DotnetRoot;
        using var process = Process.Start(start)!;
        process.StandardInput.Close();
        var errors = process.StandardError.ReadToEndAsync(cancellationToken);
        var lines = new List<JsonElement>();
        try
        {
            while (await process.StandardOutput.ReadLineAsync(cancellationToken) is { } line)
            {
                using var document = JsonDocument.Parse(line);
                lines.Add(document.RootElement.Clone());
                Tell(line, lines[^1]);
            }
            await process.WaitForExitAsync(cancellationToken);
        }
        catch
        {
            // Whoever gives up leaves nobody at work on the database: what was not committed is taken back.
            process.Kill();
            throw;
        }
        if ((await errors).Split('\n', 2, StringSplitOptions.TrimEntries) is [[.. var code, ':'], var message] && ErrorCodes.IsKnown(code))
        {
            return Failure.Show(code, message, ErrorCodes.Get(code).Action);
        }
        if (lines is [.., var last] && last.TryGetProperty("action", out var action))
        {
            Show(action.GetString()!, last, lines);
            return process.ExitCode;
        }
        return Failure.Show(ErrorCodes.Internal, $"The gateway's program ended with code {process.ExitCode}: {await errors}", "");
    }

    private static void Tell(string line, JsonElement told)
    {
        if (Report.Json)
        {
            Report.Value(line);
        }
        else if (told.TryGetProperty("sha256", out _) && told.TryGetProperty("table", out var table))
        {
            Report.Say($"{table.GetString()}: {Text(told, "rows")} rows");
        }
    }

    private static void Show(string action, JsonElement end, IReadOnlyList<JsonElement> lines)
    {
        if (Report.Json)
        {
            return;
        }
        var database = Text(end, "database");
        switch (action)
        {
            case "migrate":
                var steps = Rows(lines, "step", "step", "direction", "name");
                Table("steps", ["version", "direction", "name"], steps);
                Report.Say(steps.Count == 0 ? $"The {database} is at version {Text(end, "version")} already." : end.GetProperty("dry_run").GetBoolean()
                    ? $"Dry run: every step was gone and taken back; the {database} would be at version {Text(end, "version")}."
                    : $"The {database} is at version {Text(end, "version")}.");
                break;
            case "check":
                Table("tables", ["table", "rows"], Rows(lines, "rows", "table", "rows"));
                Table("broken", ["table", "row", "what"], Rows(lines, "problem", "table", "row", "problem"));
                SayChecked(database, end);
                break;
            case "backup":
                Report.Say($"{Text(end, "file")} holds one state of the {database}. SHA-256 {Text(end, "sha256")}"
                    + (end.GetProperty("noted").GetBoolean() ? "" : "\nThe database is of an older schema, which keeps no note of it: no gateway counts the days from this backup."));
                break;
            case "restore":
                Report.Say($"The {database} holds what {Text(end, "file")} holds, every row compared, at schema version {Text(end, "version")}.");
                break;
            default:
                Report.Say($"The {database} holds what the {Text(end, "source")} holds, every row compared, at schema version {Text(end, "version")}.");
                break;
        }
    }

    private static void SayChecked(string? database, JsonElement end)
    {
        var (version, behind) = (end.GetProperty("version").GetInt32(), end.GetProperty("behind").GetInt32());
        Report.Say(version == 0 ? $"The {database} is empty." : end.GetProperty("problems").GetInt32() is > 0 and var problems
            ? $"The {database} is broken in {problems.ToString(CultureInfo.InvariantCulture)} places: restore it from a backup, or repair these rows."
            : $"The {database} is sound, at schema version {version}{(behind > 0 ? $"; the next start of the gateway brings it to {version + behind}" : "")}.");
    }

    private static List<IReadOnlyList<string?>> Rows(IReadOnlyList<JsonElement> lines, string having, params string[] members) =>
        [.. lines.Where(line => line.TryGetProperty(having, out _) && !line.TryGetProperty("action", out _)).Select(line => (IReadOnlyList<string?>)[.. members.Select(member => Text(line, member))])];

    private static void Table(string name, string[] columns, List<IReadOnlyList<string?>> rows)
    {
        if (rows.Count > 0)
        {
            Report.Table(name, columns, rows);
        }
    }

    private static string? Text(JsonElement line, string member) =>
        !line.TryGetProperty(member, out var value) ? null : value.ValueKind == JsonValueKind.String ? value.GetString() : value.GetRawText();
}
