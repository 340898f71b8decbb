using System.CommandLine;
using KeyMeld.Cli.Demo;
using KeyMeld.Cli.Output;
using KeyMeld.Cli.Scenes;
using KeyMeld.DevKit.Stack;

namespace KeyMeld.Cli.Commands;

/// <summary><c>keymeld demo</c>: the whole story on this machine.</summary>
internal static class DemoCommand
{
    public static Command Create()
    {
        var data = new Option<string>("--data") { Description = "Folder for the demo; emptied first.", DefaultValueFactory = _ => Path.Combine("data", "demo") };
        var command = new Command("demo", "Three enclaves sign together, die, come back with the same keys, and sign again; with real processes.");
        var transport = StackArguments.TransportOption();
        command.Options.Add(data);
        var patience = StackArguments.Bounded("--patience", "Seconds that a part may take for one thing before the demo gives up.", 180, 1, 3600);
        command.Options.Add(transport);
        command.Options.Add(patience);
        return command.Runs((parsed, cancellationToken) => RunAsync(Path.GetFullPath(parsed.GetValue(data)!), parsed.GetValue(transport), TimeSpan.FromSeconds(parsed.GetValue(patience)), cancellationToken));
    }

    private static async Task<int> RunAsync(string folder, StackTransport transport, TimeSpan patience, CancellationToken cancellationToken)
    {
        StackFolder.Empty(folder);
        var steps = new StepPrinter();
        Report.Say("KeyMeld demo: everything below happens now, on this machine, in separate processes.");
        var options = new StackOptions
        {
            DataDirectory = folder,
            Port = FreePort.Next(),
            KmsPort = FreePort.Next(),
            KmsTlsPort = FreePort.Next(),
            Transport = transport,
            Patience = patience,
        };
        await new DemoStory(options, steps).TellAsync(cancellationToken);
        Report.Say(FormattableString.Invariant($"All of it did what it says, in {steps.TotalSeconds:0.0} s. Logs and database are in {folder}; `./keymeld up` starts a stack to play with."));
        return 0;
    }
}
