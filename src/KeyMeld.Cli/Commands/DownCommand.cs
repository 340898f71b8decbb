using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using KeyMeld.Cli.Output;
using KeyMeld.DevKit.Stack;

namespace KeyMeld.Cli.Commands;

/// <summary><c>keymeld down</c>: stops a stack that runs in another terminal.</summary>
internal static class DownCommand
{
    /// <summary>Where <c>up</c> leaves its process id.</summary>
    public static string PidFile(StackLayout layout) => Path.Combine(layout.Data, "up.pid");

    public static Command Create()
    {
        var data = new Option<string>("--data") { Description = "The data folder of the running stack.", DefaultValueFactory = _ => "data" };
        var command = new Command("down", "Stop the stack that `keymeld up` runs in the given data folder.");
        command.Options.Add(data);
        return command.Runs((parsed, cancellationToken) => RunAsync(new StackLayout(parsed.GetValue(data)!), cancellationToken));
    }

    private static async Task<int> RunAsync(StackLayout layout, CancellationToken cancellationToken)
    {
        var file = PidFile(layout);
        if (!File.Exists(file) || !int.TryParse(await File.ReadAllTextAsync(file, cancellationToken), NumberStyles.None, CultureInfo.InvariantCulture, out var pid))
        {
            return Failure.Show("not_running", $"No stack runs in {layout.Data}.", "");
        }
        try
        {
            using var process = Process.GetProcessById(pid);
            StackSignals.Terminate(pid);
            await process.WaitForExitAsync(cancellationToken);
        }
        catch (ArgumentException)
        {
            File.Delete(file);
        }
        Report.Say("Stopped.");
        return 0;
    }
}
