using System.CommandLine;
using KeyMeld.DevKit.Stack;

namespace KeyMeld.Cli.Commands;

/// <summary><c>keymeld status</c>: who is ready, who is locked and why.</summary>
internal static class StatusCommand
{
    public static Command Create()
    {
        var gateway = UrlOption.Create("--gateway", "The gateway's URL; that of the stack that `keymeld up` runs in --data unless given, else http://127.0.0.1:8090.");
        var data = new Option<string>("--data") { Description = "The data folder of a running stack.", DefaultValueFactory = _ => "data" };
        var command = new Command("status", "Show the gateway and its enclaves. Exit code 0 only if every enclave is ready.");
        command.Options.Add(gateway);
        command.Options.Add(data);
        return command.Runs(async (parsed, cancellationToken) =>
        {
            var fleet = await FleetView.FetchAsync(parsed.GetValue(gateway) ?? OfStack(new StackLayout(parsed.GetValue(data)!)), cancellationToken);
            fleet.PrintGateway();
            fleet.Print();
            fleet.PrintRetired();
            return fleet.AllReady ? 0 : 1;
        });
    }

    private static Uri OfStack(StackLayout layout) =>
        File.Exists(UpCommand.AddressFile(layout)) && Uri.TryCreate(File.ReadAllText(UpCommand.AddressFile(layout)), UriKind.Absolute, out var address) ? address : new Uri("http://127.0.0.1:8090");
}
