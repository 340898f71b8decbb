using System.CommandLine;

namespace KeyMeld.Cli.Commands;

/// <summary><c>keymeld status</c>: who is ready, who is locked and why.</summary>
internal static class StatusCommand
{
    public static Command Create()
    {
        var gateway = UrlOption.Create("--gateway", "The gateway's URL.", "http://127.0.0.1:8090");
        var command = new Command("status", "Show the gateway and its enclaves. Exit code 0 only if every enclave is ready.");
        command.Options.Add(gateway);
        return command.Runs(async (parsed, cancellationToken) =>
        {
            var fleet = await FleetView.FetchAsync(parsed.GetValue(gateway)!, cancellationToken);
            fleet.PrintGateway();
            fleet.Print();
            return fleet.AllReady ? 0 : 1;
        });
    }
}
