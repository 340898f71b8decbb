using System.Diagnostics;
using KeyMeld.Cli.Output;
using KeyMeld.DevKit.Stack;
using KeyMeld.Protocol.Errors;
using Spectre.Console;

namespace KeyMeld.Cli.EndToEnd;

/// <summary>Runs checks and prints pass, fail or skip, a line each. A failure does not hide those after it.</summary>
internal sealed class CheckList
{
    public int Passed { get; private set; }

    public int Failed { get; private set; }

    public int Skipped { get; private set; }

    public async Task RunAsync(string what, Func<Task<string>> check)
    {
        var watch = Stopwatch.StartNew();
        try
        {
            var found = await check();
            Passed++;
            Print("pass", "green", what, found, watch.Elapsed);
        }
        catch (Exception exception) when (exception is KeyMeldException or StackException or HttpRequestException or Microsoft.Data.Sqlite.SqliteException or Amazon.Runtime.AmazonServiceException)
        {
            Failed++;
            Print("fail", "red", what, exception is KeyMeldException refusal ? $"{refusal.Code}: {refusal.Message}" : exception.Message, watch.Elapsed);
        }
    }

    public void Skip(string what, string why)
    {
        Skipped++;
        Print("skip", "yellow", what, why, TimeSpan.Zero);
    }

    private static void Print(string result, string colour, string what, string found, TimeSpan elapsed)
    {
        if (Report.Json)
        {
            Console.Out.WriteLine(JsonLine.Of(json =>
            {
                json.WriteString("check", what);
                json.WriteString("result", result);
                json.WriteString("found", found);
                json.WriteNumber("milliseconds", Math.Round(elapsed.TotalMilliseconds));
            }));
            return;
        }
        AnsiConsole.MarkupLine($"[{colour}]{result}[/] {what.EscapeMarkup()} [grey]{(FormattableString.Invariant($"{found}, {elapsed.TotalSeconds:0.0} s")).EscapeMarkup()}[/]");
    }
}
