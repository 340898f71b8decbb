using System.Diagnostics;
using System.Globalization;
using KeyMeld.Cli.Output;
using Spectre.Console;

namespace KeyMeld.Cli.Demo;

/// <summary>Runs steps one after the other and prints each with its time; the first that fails ends the story.</summary>
internal sealed class StepPrinter
{
    private readonly Stopwatch total = Stopwatch.StartNew();
    private int number;

    /// <summary>Seconds since the first step began.</summary>
    public double TotalSeconds => total.Elapsed.TotalSeconds;

    /// <summary>One step: its work answers what it did, in a sentence or a few.</summary>
    public async Task RunAsync(string title, Func<Action<string>, Task<string>> work)
    {
        number++;
        var watch = Stopwatch.StartNew();
        string done;
        if (Report.Json || !AnsiConsole.Profile.Capabilities.Interactive)
        {
            done = await work(_ => { });
        }
        else
        {
            done = await AnsiConsole.Status().StartAsync($"{number}. {title}".EscapeMarkup(), context => work(step => context.Status($"{number}. {title}: {step}".EscapeMarkup())));
        }
        if (Report.Json)
        {
            Console.Out.WriteLine(JsonLine.Of(json =>
            {
                json.WriteNumber("step", number);
                json.WriteString("title", title);
                json.WriteNumber("milliseconds", Math.Round(watch.Elapsed.TotalMilliseconds, 1));
                json.WriteString("done", done);
            }));
            return;
        }
        AnsiConsole.MarkupLineInterpolated($"[green]✓[/] [bold]{number,2}. {title}[/] [grey]{Time(watch.Elapsed)}[/]");
        foreach (var line in done.Split('\n'))
        {
            AnsiConsole.WriteLine($"       {line}");
        }
    }

    private static string Time(TimeSpan elapsed) => elapsed.TotalSeconds >= 1
        ? elapsed.TotalSeconds.ToString("0.00 s", CultureInfo.InvariantCulture)
        : elapsed.TotalMilliseconds.ToString("0 ms", CultureInfo.InvariantCulture);
}
