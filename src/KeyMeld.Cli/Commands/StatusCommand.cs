using System.CommandLine;
using KeyMeld.Cli.Output;
using KeyMeld.DevKit.Stack;
using KeyMeld.Protocol.Errors;

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
            var addresses = parsed.GetValue(gateway) is { } given ? [given] : OfStack(new StackLayout(parsed.GetValue(data)!));
            var fleet = await FleetView.FetchAsync(addresses[0], cancellationToken);
            fleet.PrintGateway();
            var others = await Task.WhenAll(addresses.Skip(1).Select(address => OtherAsync(address, cancellationToken)));
            if (others.Length > 0)
            {
                Report.Table("gateways", ["address", "enclaves ready"], others.Select(other => (IReadOnlyList<string?>)[other.Address.ToString(), other.Ready]));
            }
            fleet.Print();
            await fleet.PrintRetiredAsync(cancellationToken);
            return fleet.AllReady && others.All(other => other.IsWhole) ? 0 : 1;
        });
    }

    // What every client calls first, then, where there are several gateways, each of them.
    private static Uri[] OfStack(StackLayout layout)
    {
        var lines = File.Exists(UpCommand.AddressFile(layout)) ? File.ReadAllLines(UpCommand.AddressFile(layout)) : [];
        var addresses = lines.Select(line => Uri.TryCreate(line, UriKind.Absolute, out var address) ? address : null).OfType<Uri>().ToArray();
        return addresses.Length > 0 ? addresses : [new Uri("http://127.0.0.1:8090")];
    }

    private static async Task<(Uri Address, string Ready, bool IsWhole)> OtherAsync(Uri address, CancellationToken cancellationToken)
    {
        try
        {
            var fleet = await FleetView.FetchAsync(address, cancellationToken);
            return (address, $"{fleet.States.Values.Count(state => state == "ready")} of {fleet.Count}", fleet.AllReady);
        }
        catch (KeyMeldException exception) when (exception.Code == ErrorCodes.GatewayUnreachable)
        {
            return (address, "does not answer", false);
        }
    }
}
